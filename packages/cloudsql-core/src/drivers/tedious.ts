import type { Socket } from 'node:net';
import { ConfigError, toDriverError } from '../errors.ts';
import { bypass, noIamLogin, serverClosed } from '../login.ts';
import { describe, optionalMilliseconds, refuseOwned } from '../options/check.ts';
import { type ConnectionOptions, resolveConnection } from '../options/connection-options.ts';
import { DeferredSocket } from './deferred-socket.ts';
import type { CloudSqlOptions } from './orm-options.ts';
import { ownedAddress, readOptions } from './read-options.ts';

/** The options of `tedious` and `mssql` that this binding sets, because setting them otherwise would bypass the connector. */
export type TediousOwnedOption = 'server' | 'host' | 'port' | 'ssl' | 'domain' | 'authentication' | 'driver';

/** The options inside of `options` that this binding sets. */
export type TediousOwnedInside =
  | 'port'
  | 'instanceName'
  | 'connector'
  | 'database'
  | 'localAddress'
  | 'multiSubnetFailover';

/**
 * Options of `tedious` or `mssql` with the instance in place of the address. SQL Server has no IAM login: `user` and
 * `password` are required, and the password is a string.
 */
export type TediousCloudSqlOptions<Native = object> = CloudSqlOptions<
  Omit<Native, 'options' | 'encrypt' | 'database'>,
  TediousOwnedOption,
  'connectionString'
> & {
  readonly database?: string;
  /**
   * Whether TDS is encrypted once more, inside of the connector's TLS: only instances demand it that allow "SSL only"
   * connections. The certificate in there is not checked unless `options.trustServerCertificate` is false.
   * @default false
   */
  readonly encrypt?: boolean;
  /** What tedious has in `options`; `encrypt` may also stand there. */
  readonly options?: Omit<InsideOf<Native>, TediousOwnedInside> & { readonly [Option in TediousOwnedInside]?: never };
};

type InsideOf<Native> = 'options' extends keyof Native ? NonNullable<Native['options']> : Record<string, unknown>;

/** What `tedious` is given, and next to it what `mssql` and ORMs read instead. */
export interface TediousConfig {
  server: string;
  host: string;
  port: number;
  user: string;
  password: string;
  database?: string;
  authentication: { type: 'default'; options: { userName: string; password: string } };
  options: {
    port: number;
    database?: string;
    encrypt: boolean;
    trustServerCertificate: boolean;
    /** In milliseconds. */
    connectTimeout: number;
    connector: () => Promise<Socket>;
  };
}

const byPassword = 'the login is `user` and `password`';
const beside = 'it belongs beside `options`';
const owned = {
  ...ownedAddress,
  server: ownedAddress.host,
  domain: byPassword,
  authentication: byPassword,
  driver: 'it is tedious',
};
const ownedInside = {
  ...{ port: ownedAddress.port, instanceName: ownedAddress.host, connector: 'the connector makes the socket' },
  ...{ localAddress: 'the connector makes the socket', multiSubnetFailover: 'the connector makes the socket' },
  ...{ instance: beside, ipType: beside, authType: beside, user: beside, password: beside, database: beside },
};

/** What passes through to `tedious`, `mssql` or Knex. */
const native = [
  ...['database', 'options', 'encrypt', 'connectionTimeout', 'requestTimeout', 'pool', 'stream', 'debug', 'parseJSON'],
  ...['arrayRowMode', 'validateConnection', 'beforeConnect', 'expirationChecker'],
];

/** What is in `options` in the end. */
const moved = ['database', 'options', 'encrypt', 'connectionTimeout'];

/**
 * Turns options that name an instance into options for `tedious` (16.1 and later), the driver for SQL Server, or for
 * `mssql` and Knex, which are built on it. Does no I/O. Everything else in the options reaches the driver untouched.
 *
 * @example
 * const options = tediousOptions({ instance: 'my-project:europe-west1:orders', user: 'app', password, database: 'orders' });
 * const connection = new Connection(options);
 * const pool = new sql.ConnectionPool(options);
 * @throws ConfigError
 */
export function tediousOptions<Options extends object>(
  options: string | (TediousCloudSqlOptions & Options),
): TediousConfig &
  Omit<Options, keyof TediousConfig | keyof ConnectionOptions | 'connector' | 'connectionString' | 'encrypt'> & {
    options: Options extends { options: infer Inside } ? Inside : object;
  };
export function tediousOptions(given: string | Record<string, unknown>): TediousConfig {
  const url = { schemes: ['sqlserver', 'mssql'], parameters: ['encrypt'] };
  const { options, connection, connector } = readOptions(given, { driver: 'tedious', url, owned, native });
  const inside = (options.options ?? {}) as Record<string, unknown>;
  refuseOwned('tedious', inside, ownedInside);
  if (!('password' in connection) || /^iam/i.test(String(connection.authType))) {
    throw noIamLogin('Set `user` and `password` to those of a database user.');
  }
  const { user, password } = resolveConnection(connection);
  if (typeof password !== 'string') {
    throw new ConfigError('CLOUDSQL_INVALID_OPTION', 'The option `password` is a function', {
      remedy: 'Make it a string: drivers for SQL Server want the password at once.',
    });
  }
  const limit = optionalMilliseconds('connectTimeout', inside.connectTimeout ?? options.connectionTimeout, 1);
  // The dial ends before the driver's own limit does, so that the error says what was being waited for.
  const timeoutMs = limit ? Math.max(limit - 200, 1) : connector.dialTimeoutMs;
  const dial = async (_to?: unknown, _lookup?: unknown, signal?: AbortSignal): Promise<DeferredSocket> => {
    const aborts = signal ? { signal } : {};
    const socket = await connector
      .connect({ ...connection, engine: 'SQLSERVER', timeoutMs, ...aborts })
      .catch((error: unknown) => Promise.reject(toDriverError(error)));
    const refused = (cause?: Error): Error => serverClosed(connector, connection, cause);
    return new DeferredSocket({ dial: async () => socket, refused }).connect();
  };
  const login = { userName: user ?? '', password };
  const database = options.database === undefined ? {} : { database: options.database as string };
  return {
    ...Object.fromEntries(Object.entries(options).filter(([key]) => native.includes(key) && !moved.includes(key))),
    ...{ ...bypass, server: bypass.host, user: login.userName, password, ...database },
    authentication: { type: 'default', options: login },
    options: {
      // Whom the certificate inside names is of no account: the one outside was checked.
      trustServerCertificate: true,
      ...inside,
      ...database,
      port: bypass.port,
      encrypt: flag(inside.encrypt ?? options.encrypt),
      connectTimeout: limit ?? connector.dialTimeoutMs + 1000,
      // Not a net.Socket in truth, but all that tedious calls is there.
      connector: dial as unknown as () => Promise<Socket>,
    },
  };
}

/** `strict` is no choice: it would be TLS around what is TLS already. */
function flag(value: unknown): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? false;
  if (value === 'true' || value === 'false') return value === 'true';
  throw new ConfigError('CLOUDSQL_INVALID_OPTION', `Expected \`encrypt\` to be true or false, got ${describe(value)}`, {
    remedy: 'Leave it out, unless the instance demands encrypted connections: then set it to true.',
  });
}
