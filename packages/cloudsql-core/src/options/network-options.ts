import { ConfigError } from '../errors.ts';
import { jsonObject } from '../http-client.ts';
import { describe, oneOf, optionalMilliseconds } from './check.ts';
import type { ConnectorOptions } from './connector-options.ts';

/** The options about DNS, dials and refreshes, with defaults applied. */
export interface ResolvedNetworkOptions {
  readonly failoverPeriodMs: number;
  readonly refresh: 'AHEAD' | 'LAZY';
  readonly alloyDbCertificateMs: number;
  readonly alloyDbStaticInfo: object | undefined;
}

const hourMs = 3_600_000;

/** @throws ConfigError `CLOUDSQL_INVALID_OPTION` */
export function resolveNetworkOptions(options: ConnectorOptions): ResolvedNetworkOptions {
  const { dial, resolver, allowedProjects: allowed, alloyDbCertificateMs: life = hourMs } = options;
  if (dial !== undefined && typeof dial !== 'function') throw expected('dial', 'a function', dial);
  if (resolver !== undefined && typeof resolver?.resolveTxt !== 'function') {
    throw expected('resolver', 'an object with the method `resolveTxt`', resolver);
  }
  const isList = Array.isArray(allowed) && allowed.every((project) => typeof project === 'string' && project !== '');
  if (allowed !== undefined && !isList) throw expected('allowedProjects', 'an array of project ids', allowed);
  if (!(Number.isInteger(life / 1000) && life >= hourMs && life <= 24 * hourMs)) {
    throw expected('alloyDbCertificateMs', 'whole seconds from 3600000 to 86400000 milliseconds', life);
  }
  const given = options.alloyDbStaticInfo;
  const staticInfo = typeof given === 'string' ? jsonObject(given) : given;
  if (given !== undefined && (typeof staticInfo !== 'object' || staticInfo === null)) {
    throw expected('alloyDbStaticInfo', 'an object, or the JSON of one', given);
  }
  return {
    failoverPeriodMs: optionalMilliseconds('failoverPeriodMs', options.failoverPeriodMs, 0) ?? 30_000,
    refresh: oneOf('refresh', options.refresh ?? 'AHEAD', ['AHEAD', 'LAZY'] as const),
    alloyDbCertificateMs: life,
    alloyDbStaticInfo: staticInfo,
  };
}

function expected(option: string, what: string, value: unknown): ConfigError {
  const said = `Expected \`${option}\` to be ${what}, got ${describe(value)}`;
  return new ConfigError('CLOUDSQL_INVALID_OPTION', said, { remedy: `Set \`${option}\` so, or leave it out.` });
}
