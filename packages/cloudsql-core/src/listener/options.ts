import net from 'node:net';
import type { Connector } from '../connector.ts';
import { ConfigError } from '../errors.ts';
import { isLoopback } from '../http.ts';
import { userPlaceholder } from '../login.ts';
import { describe, oneOf, optionalMilliseconds, optionalString, refuseUnknown } from '../options/check.ts';
import { type ConnectionOptions, connectionOptionNames, resolveConnection } from '../options/connection-options.ts';
import type { ConnectorOptions } from '../options/connector-options.ts';
import { connectorFor } from '../shared-connector.ts';
import type { ClientProtocol } from './client-protocol.ts';
import type { SessionLimit } from './session-limit.ts';
import { sqlServerOptions } from './sql-server.ts';

/** How a TCP listener knows who may use it. */
export type ListenAuth = 'SECRET' | 'PEER' | 'NONE';

/** What clients of a listener speak. */
export type ListenEngine = 'POSTGRES' | 'MYSQL' | 'SQLSERVER';

/** What a local listener connects to, and where it listens. */
export interface ListenOptions extends ConnectionOptions {
  /**
   * What clients speak. `'SQLSERVER'` takes TCP only; `user` and `password` are what `url` says, and the client sends
   * them. Any letter case.
   * @default 'POSTGRES'
   */
  readonly engine?: ListenEngine | Lowercase<ListenEngine> | (string & {});
  /** The database that `url` names; clients may ask for another one. @default the user's name, as in libpq */
  readonly database?: string;
  /** The connector to use, or options for one. @default the one that the process shares */
  readonly connector?: Connector | ConnectorOptions;
  /**
   * The Unix socket. For PostgreSQL, a path that does not end like `/.s.PGSQL.5432` is that of a folder for it, because
   * libpq only finds sockets of that name. Excludes `host` and `port`.
   * @default in a folder of its own, which is removed with it
   */
  readonly path?: string;
  /** Listens on TCP, at this address. @default '127.0.0.1' where `port` is given */
  readonly host?: string;
  /** Listens on TCP, on this port; 0 is any free one. @default 0 where `host` is given */
  readonly port?: number;
  /**
   * What a TCP listener demands. `'SECRET'`: a random password that exists only in `url`. `'PEER'`: that the client's
   * process belongs to the same user of this machine (Linux). `'NONE'`: nothing, so that whoever reaches the port is
   * the database user. Any letter case. A Unix socket is protected by its permissions.
   * @default 'SECRET', or 'PEER' for SQL Server, whose clients have to log in to the database besides
   */
  readonly auth?: ListenAuth | Lowercase<ListenAuth> | (string & {});
  /** What a TCP listener with `auth: 'SECRET'` demands as the password. @default a random one, which only `url` shows */
  readonly secret?: string;
  /** The permissions of the Unix socket, as `chmod` takes them. @default 0o600 */
  readonly mode?: number;
  /** How many clients there may be at a time; one limit can be shared by listeners. @default none */
  readonly limits?: readonly SessionLimit[];
  /**
   * `'ANY'` lets `host` be an address that other machines reach. What passes there is not encrypted. Any letter case.
   * @default 'LOOPBACK'
   */
  readonly reach?: 'LOOPBACK' | 'ANY' | Lowercase<'LOOPBACK' | 'ANY'> | (string & {});
  /** How long a client may take to say who it is, in milliseconds. @default 10_000 */
  readonly startupTimeoutMs?: number;
}

const listenEngines = ['POSTGRES', 'MYSQL', 'SQLSERVER'] as const satisfies readonly ListenEngine[];

const names = [
  ...connectionOptionNames,
  ...[
    'engine',
    'database',
    'connector',
    'path',
    'host',
    'port',
    'auth',
    'secret',
    'mode',
    'limits',
    'reach',
    'startupTimeoutMs',
  ],
];

/** What a session needs to know. */
export interface SessionOptions {
  readonly engine: ListenEngine;
  readonly connector: Connector;
  readonly connection: ConnectionOptions;
  /** The configured database user; it takes the place of an empty name and of the placeholder. */
  readonly user: string | undefined;
  /** Whether an unknown user is who the credentials say. */
  readonly iam: boolean;
  /** Whether the login token is the password. */
  readonly withToken: boolean;
  /** What the listener answers when the server asks for a password; undefined where that is the client's business. */
  readonly password: string | (() => string | Promise<string>) | undefined;
  readonly startupTimeoutMs: number;
  /** What the server is told, if it asks. */
  readonly clientProtocol: ClientProtocol;
  readonly limits: readonly SessionLimit[];
}

/** {@link ListenOptions}, checked and with defaults applied. */
export interface ResolvedListen {
  readonly session: SessionOptions;
  readonly database: string | undefined;
  readonly place: { readonly path: string | undefined } | { readonly host: string; readonly port: number };
  readonly auth: ListenAuth;
  readonly secret: string | undefined;
  readonly mode: number;
}

/**
 * Checks the options of a listener and applies defaults.
 * @throws ConfigError
 */
export function resolveListen(given: ListenOptions): ResolvedListen {
  if (typeof given !== 'object' || given === null) {
    throw new ConfigError('CLOUDSQL_INVALID_OPTION', `Expected the options of a listener, got ${describe(given)}`);
  }
  refuseUnknown('listen', given, names);
  const engine = given.engine === undefined ? 'POSTGRES' : oneOf('engine', given.engine, listenEngines);
  const options = engine === 'SQLSERVER' ? sqlServerOptions(given) : given;
  const connection = resolveLogin(options);
  const { authType, user, password } = resolveConnection(connection);
  const connector = connectorFor(options.connector);
  const place = resolvePlace(options);
  if ('path' in place && options.auth !== undefined) {
    throw new ConfigError('CLOUDSQL_CONFLICTING_OPTIONS', 'A Unix socket has no `auth`: its permissions protect it', {
      remedy: 'Remove `auth`, or set `host` or `port` to listen on TCP.',
    });
  }
  const auth = options.auth === undefined ? 'SECRET' : oneOf('auth', options.auth, ['SECRET', 'PEER', 'NONE'] as const);
  if (auth === 'PEER' && process.platform !== 'linux') {
    throw new ConfigError('CLOUDSQL_INVALID_OPTION', "`auth: 'PEER'` works on Linux only", {
      remedy: 'Leave `auth` out, or leave out `host` and `port` to use a Unix socket.',
    });
  }
  const { mode = 0o600, limits = [] } = options;
  if (!(Number.isInteger(mode) && mode >= 0 && mode <= 0o777)) {
    const what = `Expected \`mode\` to be permissions from 0 to 0o777, got ${describe(mode)}`;
    throw new ConfigError('CLOUDSQL_INVALID_OPTION', what, { remedy: 'Write it in octal, 0o600 for example.' });
  }
  return {
    session: {
      engine,
      connector,
      connection,
      user: options.user === undefined ? undefined : user,
      iam: authType !== 'PASSWORD',
      withToken: authType === 'IAM_MANUAL',
      password: 'password' in options ? password : undefined,
      clientProtocol: 'path' in place ? 'UDS' : 'TCP',
      startupTimeoutMs: optionalMilliseconds('startupTimeoutMs', options.startupTimeoutMs, 1) ?? 10_000,
      limits,
    },
    database: optionalString('database', options.database),
    place,
    auth,
    secret: optionalString('secret', options.secret),
    mode,
  };
}

/** The options for a dial. Here, unlike elsewhere, `user` and `password` may be left to whoever connects. */
function resolveLogin(options: ListenOptions): ConnectionOptions {
  const given = connectionOptionNames.filter((name) => name in options).map((name) => [name, options[name]]);
  const connection = Object.fromEntries(given) as unknown as ConnectionOptions;
  const clientBrings = typeof options.authType === 'string' && options.authType.trim().toUpperCase() === 'PASSWORD';
  if (!clientBrings || 'password' in options) return connection;
  return { ...connection, user: options.user ?? userPlaceholder, password: 'the one that the client brings' };
}

function resolvePlace(options: ListenOptions): ResolvedListen['place'] {
  const path = optionalString('path', options.path);
  const host = optionalString('host', options.host);
  const { port } = options;
  const reach = options.reach === undefined ? 'LOOPBACK' : oneOf('reach', options.reach, ['LOOPBACK', 'ANY'] as const);
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    const what = `Expected \`port\` to be a whole number from 0 to 65535, got ${describe(port)}`;
    throw new ConfigError('CLOUDSQL_INVALID_OPTION', what, { remedy: 'Use 0 for any free port.' });
  }
  if (host === undefined && port === undefined) {
    // Node has no Unix sockets there, only named pipes, which no PostgreSQL client understands.
    return process.platform === 'win32' && path === undefined ? { host: '127.0.0.1', port: 0 } : { path };
  }
  if (path !== undefined) {
    throw new ConfigError('CLOUDSQL_CONFLICTING_OPTIONS', '`path` is a Unix socket, `host` and `port` are TCP');
  }
  const address = host === undefined || host === 'localhost' ? '127.0.0.1' : host.replace(/^\[(.*)\]$/, '$1');
  if (net.isIP(address) === 0) {
    throw new ConfigError('CLOUDSQL_INVALID_OPTION', `\`host\` is "${host}", which is not an IP address`, {
      remedy: 'Use 127.0.0.1 or ::1.',
    });
  }
  if (!isLoopback(address) && reach !== 'ANY') {
    throw new ConfigError('CLOUDSQL_INVALID_OPTION', `\`host\` is ${host}, which other machines can reach`, {
      remedy: "Use 127.0.0.1. If that is meant, set `reach: 'ANY'`: what passes there is not encrypted.",
    });
  }
  return { host: address, port: port ?? 0 };
}
