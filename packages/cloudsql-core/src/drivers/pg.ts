import type { Duplex } from 'node:stream';
import type { Connector } from '../connector.ts';
import { optionalMilliseconds } from '../options/check.ts';
import { type ConnectionOptions, connectionOptionNames } from '../options/connection-options.ts';
import type { ConnectorOptions } from '../options/connector-options.ts';
import { bypass } from '../postgres/login.ts';
import { connectorFor } from '../shared-connector.ts';
import { deferredLogin } from './deferred-login.ts';
import { ownedAddress, readOptions } from './read-options.ts';

export { ownedAddress } from './read-options.ts';

/** The options of `pg` that this binding sets, because setting them otherwise would bypass the connector. */
export type PgOwnedOption = 'host' | 'port' | 'ssl' | 'sslnegotiation' | 'stream';

/**
 * Options of an ORM or driver, given as `Native`, with the instance in place of the address: either as options, or as
 * a URL that holds them, in the option that `Native` has for a URL.
 */
export type CloudSqlOptions<Native, Owned extends string, UrlOption extends string> = Omit<
  Native,
  Owned | UrlOption | keyof ConnectionOptions | 'connector'
> & { readonly [Option in Owned]?: never } & (
    | (ConnectionOptions & { readonly [Option in UrlOption]?: never })
    | ({ readonly [Option in UrlOption]: string } & { readonly [Option in keyof ConnectionOptions]?: never })
  ) & {
    /** The connector to use, or options for one. @default the one that the process shares */
    readonly connector?: Connector | ConnectorOptions;
  };

/** Options of `pg` with the instance in place of the address. */
export type PgCloudSqlOptions<Native = object> = CloudSqlOptions<Native, PgOwnedOption, 'connectionString'>;

/** What `pg` is given. */
export interface PgConfig {
  host: string;
  port: number;
  ssl: false;
  sslnegotiation: 'postgres';
  user: string;
  password: string | (() => string | Promise<string>);
  database?: string;
  connectionTimeoutMillis: number;
  stream: () => Duplex;
}

const owned = {
  ...ownedAddress,
  sslmode: 'the connector does TLS itself',
  sslnegotiation: 'the connector does TLS itself',
  stream: 'the connector makes the socket',
};

/** What passes through to pg and pg-pool. */
const native = [
  ...['database', 'connectionTimeoutMillis', 'application_name', 'fallback_application_name', 'options', 'replication'],
  ...['keepAlive', 'keepAliveInitialDelayMillis', 'client_encoding', 'types', 'binary', 'parseInputDatesAsUTC'],
  ...['statement_timeout', 'query_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'],
  ...['enableChannelBinding', 'scramMaxIterations', 'pipeline', 'Promise', 'Client', 'log', 'verify', 'onConnect'],
  ...['max', 'min', 'maxUses', 'maxLifetimeSeconds', 'idleTimeoutMillis', 'allowExitOnIdle'],
];

/**
 * Turns options that name an instance into options for `pg` (8.9 and later): a `Client`, a `Pool`, or anything that
 * makes them. Does no I/O. Everything else in the options reaches pg untouched.
 *
 * @example
 * const pool = new pg.Pool(pgOptions({ instance: 'my-project:europe-west1:orders', database: 'orders', max: 5 }));
 * @throws ConfigError
 */
export function pgOptions<Options extends object>(
  options: string | (PgCloudSqlOptions & Options),
): PgConfig & Omit<Options, keyof PgConfig | keyof ConnectionOptions | 'connector' | 'connectionString'>;
export function pgOptions(given: string | Record<string, unknown>): PgConfig {
  const { options, connection, connector } = readOptions(given, { driver: 'pg', owned, native });
  const driverTimeoutMs = optionalMilliseconds('connectionTimeoutMillis', options.connectionTimeoutMillis, 0);
  const { user, password, timeoutMs, socket } = deferredLogin({ connection, connector, driverTimeoutMs });
  return {
    ...Object.fromEntries(Object.entries(options).filter(([key]) => native.includes(key))),
    ...bypass,
    ssl: false,
    sslnegotiation: 'postgres',
    user,
    password,
    connectionTimeoutMillis: timeoutMs,
    // pg calls it with an argument of its own.
    stream: () => socket(),
  };
}

/**
 * The `error` listener for a pool that an adapter made: without one, a lost idle connection ends the process.
 * Reports to the connector's `logger` and to the channel `cloudsql:pool-error`.
 */
export function poolErrorListener(connector?: Connector | ConnectorOptions): (error: Error) => void {
  return (error) => connectorFor(connector).reportPoolError(error);
}

/** The options of a connection, taken out of an ORM's; `urlOption` is what the ORM calls its connection URL. */
export function connectionOf<Options extends object, UrlOption extends string>(
  options: Options,
  urlOption: UrlOption,
): {
  connection: PgCloudSqlOptions & { database?: string };
  rest: Omit<Options, keyof ConnectionOptions | 'connector' | UrlOption>;
} {
  const mine = [...connectionOptionNames, 'connector', 'database', urlOption] as string[];
  const entries = Object.entries(options);
  const connection = Object.fromEntries(
    entries
      .filter(([key]) => mine.includes(key))
      .map(([key, value]) => [key === urlOption ? 'connectionString' : key, value]),
  ) as unknown as PgCloudSqlOptions;
  const rest = Object.fromEntries(entries.filter(([key]) => !mine.includes(key) || key === 'database'));
  return { connection, rest: rest as Omit<Options, keyof ConnectionOptions | 'connector' | UrlOption> };
}
