import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Connector } from '../connector.ts';
import { ConfigError, DialError } from '../errors.ts';
import { optionalMilliseconds, refuseOwned, refuseUnknown } from '../options/check.ts';
import { type ConnectionOptions, connectionOptionNames, resolveConnection } from '../options/connection-options.ts';
import { parseConnectionUrl } from '../options/connection-url.ts';
import type { ConnectorOptions } from '../options/connector-options.ts';
import { connectorFor } from '../shared-connector.ts';
import { DeferredSocket } from './deferred-socket.ts';
import { renameUser } from './pg-startup.ts';

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

/** Stands for the user until the credentials have said who they are; no one can be called that. */
const userPlaceholder = 'cloudsql-user-not-known-yet';

/** A driver that should ignore `stream` and dial by itself fails here, loudly. */
const bypass = { host: 'cloudsql-connector-bypassed.invalid', port: 1 } as const;

/** Sent where an IAM login needs no password: the server ignores it, and only a driver would stumble over none. */
const passwordPlaceholder = 'iam';

/** Why the options of the address are not the caller's to set, for `checkOrmOptions`. */
export const ownedAddress: Readonly<Record<'host' | 'port' | 'ssl' | 'username', string>> = {
  host: 'the address comes from the instance',
  port: 'the address comes from the instance',
  ssl: 'the connector does TLS itself',
  username: 'it is called `user`',
};

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

const known = [...connectionOptionNames, 'connector', ...native];

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
  const options = flatten(given);
  refuseOwned('pg', options, owned);
  refuseUnknown('The connection', options, known);
  const connection: ConnectionOptions = Object.fromEntries(
    connectionOptionNames.filter((name) => name in options).map((name) => [name, options[name]]),
  ) as unknown as ConnectionOptions;
  const { instance, user, password, authType } = resolveConnection(connection);
  const connector = connectorFor(options.connector as ConnectorOptions | undefined);
  const driverTimeoutMs = optionalMilliseconds('connectionTimeoutMillis', options.connectionTimeoutMillis, 0);
  let loginToken = '';
  const open = async (signal: AbortSignal, login: { user: string }): Promise<TLSSocket> => {
    const token = authType === 'IAM_MANUAL' ? connector.loginToken() : undefined;
    const name = user ?? connector.databaseUser({ engine: 'POSTGRES' });
    const socket = connector.connect({ ...connection, engine: 'POSTGRES', signal, ...dialTimeout(driverTimeoutMs) });
    // Settled together, so that a socket that comes about although there is nobody to log in does not stay open.
    const [dialled, named, tokened] = await Promise.allSettled([socket, name, token]);
    const failed = [dialled, named, tokened].find((result) => result.status === 'rejected');
    if (failed) {
      if (dialled.status === 'fulfilled') dialled.value.destroy();
      throw failed.reason;
    }
    login.user = (named as PromiseFulfilledResult<string>).value;
    loginToken = (tokened as PromiseFulfilledResult<{ token: string } | undefined>).value?.token ?? '';
    return (dialled as PromiseFulfilledResult<TLSSocket>).value;
  };
  const rest = Object.fromEntries(Object.entries(options).filter(([key]) => native.includes(key)));
  return {
    ...rest,
    ...bypass,
    ssl: false,
    sslnegotiation: 'postgres',
    user: user ?? userPlaceholder,
    password: password ?? (authType === 'IAM_MANUAL' ? () => loginToken : () => passwordPlaceholder),
    connectionTimeoutMillis: driverTimeoutMs ?? connector.dialTimeoutMs + 1000,
    stream: () => {
      const login = { user: '' };
      return new DeferredSocket({
        dial: (signal) => open(signal, login),
        refused(cause) {
          connector.reportRefusal(connection);
          const what = `The server closed the connection at once${cause ? `: ${cause.message}` : ''}`;
          return new DialError('CLOUDSQL_SERVER_CLOSED', what, { instance: instance.id, cause });
        },
        ...(user === undefined ? { firstWrite: (chunk) => renameUser(chunk, userPlaceholder, login.user) } : {}),
      });
    },
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

/** One flat set of options, wherever they stood. */
function flatten(given: string | Record<string, unknown>): Record<string, unknown> {
  const { connectionString, ...options } = typeof given === 'string' ? { connectionString: given } : given;
  if (connectionString === undefined) return options;
  if (typeof connectionString !== 'string') {
    throw new ConfigError('CLOUDSQL_INVALID_URL', 'Expected `connectionString` to be a string');
  }
  const fromUrl = parseConnectionUrl(connectionString, ['postgresql', 'postgres'], ['application_name', 'options']);
  const twice = Object.keys(fromUrl).find((name) => name in options);
  if (twice === undefined) return { ...options, ...fromUrl };
  throw new ConfigError('CLOUDSQL_CONFLICTING_OPTIONS', `\`${twice}\` is set in the connection URL and beside it`);
}

/** The dial ends before a driver's own timeout does, so that the error says what was being waited for. */
function dialTimeout(driverTimeoutMs: number | undefined): { timeoutMs?: number } {
  return driverTimeoutMs ? { timeoutMs: Math.max(driverTimeoutMs - 200, 1) } : {};
}
