import type { Connector } from '../connector.ts';
import { ConfigError } from '../errors.ts';
import { refuseOwned, refuseUnknown } from '../options/check.ts';
import { type ConnectionOptions, connectionOptionNames } from '../options/connection-options.ts';
import { parseConnectionUrl } from '../options/connection-url.ts';
import type { ConnectorOptions } from '../options/connector-options.ts';
import { connectorFor } from '../shared-connector.ts';

/** Why the options of the address are not the caller's to set, for `checkOrmOptions`. */
export const ownedAddress: Readonly<Record<'host' | 'port' | 'ssl' | 'username', string>> = {
  host: 'the address comes from the instance',
  port: 'the address comes from the instance',
  ssl: 'the connector does TLS itself',
  username: 'it is called `user`',
};

/** How a driver's options are read. */
export interface DriverOptions {
  /** The driver's name, for messages. */
  readonly driver: string;
  /** What the driver calls its option for a URL. @default 'connectionString' */
  readonly urlOption?: string;
  /** How its connection URLs begin, and which parameters they may have besides ours. @default PostgreSQL's */
  readonly url?: { readonly schemes: readonly string[]; readonly parameters: readonly string[] };
  /** What is not the caller's to set, and why. */
  readonly owned: Readonly<Record<string, string>>;
  /** What passes through to the driver. */
  readonly native: readonly string[];
}

/** A driver's options, checked. */
export interface ReadOptions {
  /** All of them in one flat object, wherever they stood. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly connection: ConnectionOptions;
  readonly connector: Connector;
}

/**
 * Reads the options of a driver: an object, an object with a URL in it, or a URL.
 * @throws ConfigError
 */
export function readOptions(given: string | Record<string, unknown>, how: DriverOptions): ReadOptions {
  const options = flatten(given, how);
  refuseOwned(how.driver, options, how.owned);
  refuseUnknown('The connection', options, [...connectionOptionNames, 'connector', ...how.native]);
  const connection = Object.fromEntries(
    connectionOptionNames.filter((name) => name in options).map((name) => [name, options[name]]),
  ) as unknown as ConnectionOptions;
  return { options, connection, connector: connectorFor(options.connector as ConnectorOptions | undefined) };
}

/** Parts options into those of these names and all others. */
export function partOptions(options: object, names: readonly string[]): [named: object, others: object] {
  const entries = Object.entries(options);
  return [
    Object.fromEntries(entries.filter(([name]) => names.includes(name))),
    Object.fromEntries(entries.filter(([name]) => !names.includes(name))),
  ];
}

/** Of the options those that the driver is to get. */
export function nativeOf(options: object, native: readonly string[]): object {
  return partOptions(options, native)[0];
}

const postgresUrl = { schemes: ['postgresql', 'postgres'], parameters: ['application_name', 'options'] };

function flatten(given: string | Record<string, unknown>, how: DriverOptions): Record<string, unknown> {
  const { urlOption = 'connectionString', url: form = postgresUrl } = how;
  const { [urlOption]: url, ...options } = typeof given === 'string' ? { [urlOption]: given } : given;
  if (url === undefined) return options;
  if (typeof url !== 'string') {
    throw new ConfigError('CLOUDSQL_INVALID_URL', `Expected \`${urlOption}\` to be a string`);
  }
  const fromUrl = parseConnectionUrl(url, form.schemes, form.parameters);
  const twice = Object.keys(fromUrl).find((name) => name in options);
  if (twice === undefined) return { ...options, ...fromUrl };
  throw new ConfigError('CLOUDSQL_CONFLICTING_OPTIONS', `\`${twice}\` is set in the connection URL and beside it`);
}
