import { type Connector, internalsOf } from './connector.ts';
import type { InspectedToken } from './credentials/credentials.ts';
import { held, waitOrAbort } from './deadline.ts';
import { cloudSqlError } from './errors.ts';
import { HttpClient } from './http-client.ts';
import type { Instance } from './instance/instance.ts';
import type { LoginTarget, WarmupOptions } from './options/connect-options.ts';
import type { IpType } from './options/connection-options.ts';
import { cloudSqlUrl } from './service/cloud-sql.ts';
import { refuseToLeave } from './service/instances.ts';

export type { InspectedToken } from './credentials/credentials.ts';
export type { Instance } from './instance/instance.ts';

/** One call of the admin API of an instance's service. */
export interface AdminApiCall {
  /** Instance name; it says which service is called, and gives errors their remedy. */
  readonly instance: string;
  /** What follows the name of the instance in the URL, such as `/connectSettings`. @default the instance itself */
  readonly path?: string;
  /** Whether the path follows the name of the instance's cluster instead; AlloyDB only. @default false */
  readonly ofCluster?: boolean;
  readonly signal: AbortSignal;
}

/** What the clock of Google's servers says. */
export interface ServerClock {
  /** Who was asked. */
  readonly host: string;
  /** How far that clock is ahead of this machine's, in milliseconds; a whole second is the best it can tell. */
  readonly aheadMs: number;
}

/** What connections to an instance are made of. */
export interface InstanceFacts {
  /** As {@link Connector.engineVersion} gives it. */
  readonly databaseVersion: string;
  /** The host to dial, for each type of address that the instance has. */
  readonly addresses: Readonly<Partial<Record<IpType, string>>>;
  /** When the certificate in hand expires. */
  readonly expiresAt: Date;
}

/**
 * The instance that a name stands for: what it says itself, or what a DNS name leads to at this moment.
 * @throws ConfigError, RefreshError
 */
export function resolveInstance(
  connector: Connector,
  { instance, signal }: Pick<AdminApiCall, 'instance' | 'signal'>,
): Promise<Instance> {
  return internalsOf(connector).instance(instance, signal);
}

/**
 * Gets something of an instance from the admin API of its service, with the connector's credentials and as often as it
 * takes. For tools that look at more than connections need.
 * @throws ConfigError, RefreshError
 */
export async function adminApi(connector: Connector, call: AdminApiCall): Promise<Record<string, unknown>> {
  const { instance, path = '', ofCluster = false, signal } = call;
  const plane = await internalsOf(connector).plane(instance, signal);
  const named = await internalsOf(connector).instance(instance, signal);
  refuseToLeave(named, plane);
  const { service, id } = named;
  const prepared = Promise.all([plane.api(), plane.credentials.apiToken()]);
  const [api, { token }] = await held(waitOrAbort(prepared, signal));
  const alloyDb = (ofCluster ? id.slice(0, id.indexOf('/instances/')) : id).replaceAll(':', '%3A');
  const url =
    service === 'alloydb'
      ? `${plane.endpoint.replace(/\/$/, '')}/v1beta/${alloyDb}${path}`
      : cloudSqlUrl(plane.endpoint, named, path);
  return held(api.call({ method: 'GET', url, token, instance, signal }));
}

/**
 * Compares this machine's clock with that of the admin API, which is asked for nothing, without credentials. So it tells
 * as well whether the API can be reached.
 * @throws RefreshError `CLOUDSQL_API_UNREACHABLE`
 */
export async function serverClock(connector: Connector, { instance, signal }: AdminApiCall): Promise<ServerClock> {
  const { endpoint } = await internalsOf(connector).plane(instance, signal);
  const { host } = new URL(endpoint);
  const http = new HttpClient();
  const started = Date.now();
  try {
    const url = `${endpoint.replace(/\/$/, '')}/`;
    const { headers } = await held(http.send({ method: 'GET', url, headers: {}, signal }));
    const middle = (started + Date.now()) / 2;
    // It counts whole seconds: the middle of one is the best guess.
    return { host, aheadMs: Math.round(Date.parse(headers.date ?? new Date(middle).toUTCString()) + 500 - middle) };
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    const what = `${host} cannot be reached: ${(cause as Error).message}`;
    throw cloudSqlError('CLOUDSQL_API_UNREACHABLE', what, { instance, cause });
  } finally {
    http.close();
  }
}

/** What the connector knows of an instance, after it has fetched metadata and a certificate. @throws ConfigError, RefreshError */
export async function instanceFacts(connector: Connector, options: WarmupOptions): Promise<InstanceFacts> {
  const { databaseVersion, addresses, expiresAt } = (await internalsOf(connector).know(options)).info;
  return { databaseVersion, addresses: Object.fromEntries(addresses), expiresAt: new Date(expiresAt) };
}

/** A login token, and what whoever issued it says of it. @throws ConfigError, RefreshError */
export async function inspectLoginToken(
  connector: Connector,
  { instance, signal }: LoginTarget = {},
): Promise<InspectedToken> {
  const { credentials } = await internalsOf(connector).plane(instance, signal);
  return held(waitOrAbort(credentials.inspectLogin(), signal));
}
