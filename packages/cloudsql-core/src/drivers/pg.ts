import type { Duplex } from 'node:stream';
import { bypass } from '../login.ts';
import { optionalMilliseconds } from '../options/check.ts';
import type { ConnectionOptions } from '../options/connection-options.ts';
import type { CloudSqlOptions } from './orm-options.ts';
import { PendingDials } from './pending-dials.ts';
import { postgresLogin } from './postgres-login.ts';
import { nativeOf, ownedAddress, readOptions } from './read-options.ts';

/** The options of `pg` that this binding sets, because setting them otherwise would bypass the connector. */
export type PgOwnedOption = 'host' | 'port' | 'ssl' | 'sslnegotiation' | 'stream';

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
  fallback_application_name: string;
  stream: () => Duplex;
  log: (...messages: unknown[]) => void;
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
  const { user, password, timeoutMs, socket } = postgresLogin({ connection, connector, driverTimeoutMs });
  const dials = new PendingDials();
  return {
    // For pg_stat_activity; pg prefers `application_name` and PGAPPNAME.
    fallback_application_name: 'cloudsql-orm',
    ...nativeOf(options, native),
    ...bypass,
    ssl: false,
    sslnegotiation: 'postgres',
    user,
    password,
    connectionTimeoutMillis: timeoutMs,
    // pg calls it with an argument of its own.
    stream: dials.watch(() => socket()),
    // The first thing that pg-pool does when it is ended is to say so; then it waits for dials, up to their limit.
    log(...messages) {
      if (messages[0] === 'ending') dials.giveUp();
      (options.log as PgConfig['log'] | undefined)?.(...messages);
    },
  };
}
