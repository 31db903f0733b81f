import type { Duplex } from 'node:stream';
import { ConfigError } from '../errors.ts';
import { bypass } from '../login.ts';
import { describe } from '../options/check.ts';
import type { ConnectionOptions } from '../options/connection-options.ts';
import { DeferredSocket } from './deferred-socket.ts';
import type { CloudSqlOptions } from './orm-options.ts';
import { postgresLogin } from './postgres-login.ts';
import { nativeOf, ownedAddress, readOptions } from './read-options.ts';

/** The options of postgres.js that this binding sets, because setting them otherwise would bypass the connector. */
export type PostgresOwnedOption =
  | 'host'
  | 'hostname'
  | 'port'
  | 'path'
  | 'ssl'
  | 'sslnegotiation'
  | 'socket'
  | 'username'
  | 'pass'
  | 'db';

/** Options of postgres.js with the instance in place of the address. */
export type PostgresCloudSqlOptions<Native = object> = CloudSqlOptions<Native, PostgresOwnedOption, 'url'>;

/** What `postgres` is given. */
export interface PostgresConfig {
  host: string;
  port: number;
  ssl: false;
  sslnegotiation: null;
  user: string;
  password: string | (() => string | Promise<string>);
  database?: string;
  /** In seconds. */
  connect_timeout: number;
  socket: () => Duplex;
}

const owned = {
  ...ownedAddress,
  hostname: ownedAddress.host,
  path: ownedAddress.host,
  sslnegotiation: ownedAddress.ssl,
  socket: 'the connector makes the socket',
  pass: 'it is called `password`',
  db: 'it is called `database`',
};

/** What passes through to postgres.js. */
const native = [
  ...['database', 'connect_timeout', 'connection', 'max', 'idle_timeout', 'max_lifetime', 'max_pipeline', 'backoff'],
  ...['keep_alive', 'prepare', 'debug', 'fetch_types', 'publications', 'target_session_attrs', 'types', 'transform'],
  ...['onnotice', 'onnotify', 'onclose', 'onparameter'],
];

/** Startup parameters, which a URL may hold; postgres.js has them in an object of their own. */
const startupParameters = ['application_name', 'options'];

/**
 * Turns options that name an instance into options for postgres.js, the package `postgres` (3.4 and later). Does no
 * I/O. Everything else in the options reaches postgres.js untouched.
 *
 * @example
 * const sql = postgres(postgresOptions({ instance: 'my-project:europe-west1:orders', database: 'orders', max: 5 }));
 * @throws ConfigError
 */
export function postgresOptions<Options extends object>(
  options: string | (PostgresCloudSqlOptions & Options),
): PostgresConfig & Omit<Options, keyof PostgresConfig | keyof ConnectionOptions | 'connector' | 'url'>;
export function postgresOptions(given: string | Record<string, unknown>): PostgresConfig {
  const how = { driver: 'postgres', urlOption: 'url', owned, native: [...native, ...startupParameters] };
  const { options, connection, connector } = readOptions(given, how);
  const seconds = connectTimeout(options.connect_timeout);
  const driverTimeoutMs = seconds === undefined ? undefined : Math.round(seconds * 1000);
  const { user, password, timeoutMs, socket } = postgresLogin({ connection, connector, driverTimeoutMs });
  const startup = Object.entries(options).filter(([key]) => startupParameters.includes(key));
  return {
    ...nativeOf(options, native),
    ...(startup.length > 0 && { connection: { ...Object.fromEntries(startup), ...(options.connection as object) } }),
    ...bypass,
    ssl: false,
    sslnegotiation: null,
    user,
    password,
    connect_timeout: timeoutMs / 1000,
    // Not a promise, although one may be returned: postgres.js forgets a connection whose promise is rejected, and after
    // `max` of these it would never connect again. An `error` and a `close` on a socket it understands.
    socket: () => socket({ make: (how) => new PostgresSocket(how) }).connect(),
  };
}

/** What postgres.js needs of a socket besides. */
class PostgresSocket extends DeferredSocket {
  /** postgres.js ends a socket only while it calls itself open. */
  override get readyState(): string {
    return this.connecting ? 'open' : super.readyState;
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    super._destroy(error, (error) => tellTogether(() => done(error)));
  }
}

let toTell: (() => void)[] = [];

/**
 * Has postgres.js hear at once of all connections that have closed, and when it has nothing left to write. It gathers
 * what it writes until the end of the turn; a connection that closes before that never writes again (3.4.9 calls its
 * `nextWriteTimer` off and does not forget it), and whoever gets it from the pool waits until `connect_timeout`, each time.
 * Told of one close after the other, it moves the queries of the first to the next, which is just about to close.
 */
function tellTogether(tell: () => void): void {
  toTell.push(tell);
  if (toTell.length === 1) setTimeout(tellAll, 0, 20);
}

/**
 * `patience` is for a process that has always something to do at the end of its turn. Where the runtime does not tell,
 * after a timer is the best guess.
 */
function tellAll(patience: number): void {
  if (patience > 0 && process.getActiveResourcesInfo?.().includes('Immediate')) {
    setTimeout(tellAll, 0, patience - 1);
    return;
  }
  const all = toTell;
  toTell = [];
  for (const tell of all) tell();
}

function connectTimeout(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && value >= 0 && value * 1000 < 2 ** 31) return value;
  const what = `Expected \`connect_timeout\` to be a number of seconds from 0 up, got ${describe(value)}`;
  throw new ConfigError('CLOUDSQL_INVALID_OPTION', what, {
    remedy: 'Set `connect_timeout` to such a number or leave it out.',
  });
}
