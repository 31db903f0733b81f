import type { Connector, Engine } from '@x/cloudsql-core';
import type { Listener } from '@x/cloudsql-core/listener';
import { UsageError } from '../cli/usage-error.ts';
import type { Target } from '../login/login-flags.ts';
import { sweepSockets } from './sweep-sockets.ts';

/** Where a client on this machine reaches a database, and how. It lasts until it is closed. */
export interface LocalSession {
  readonly engine: Engine;
  /** Everything in one line; it may hold a secret. */
  readonly url: string;
  /** A host name or address; of PostgreSQL it may be the folder of a Unix socket. */
  readonly host: string;
  readonly port: string;
  /** The path of the Unix socket, if it is one. */
  readonly socket: string | undefined;
  /** Undefined where that is the client's business. */
  readonly user: string | undefined;
  readonly database: string | undefined;
  /** What the client has to show; undefined where nothing, or where it brings it. */
  readonly password: string | undefined;
  close(): Promise<void>;
}

/** Who may use a TCP port. */
export type LocalAuth = 'secret' | 'peer' | 'none';

/** Where to listen. Without a port: on a Unix socket that only this user of the machine can open. */
export interface LocalPlace {
  readonly port?: number;
  /** What is demanded on TCP. @default 'secret', of SQL Server 'peer' (elsewhere than on Linux 'none') */
  readonly auth?: LocalAuth;
}

/**
 * Opens a listener in front of a database. Looks first whether the instance can be had, and who logs in, so that what is
 * wrong is said before a client starts.
 * @throws ConfigError, RefreshError, UsageError
 */
export async function openLocalSession(
  connector: Connector,
  { connection, database: named }: Target,
  { port, auth }: LocalPlace,
): Promise<LocalSession> {
  const { listen } = await import('@x/cloudsql-core/listener');
  const { instance, ipType, authType } = connection;
  // A built-in user is not asked for its password yet: the client may bring it.
  const iam = authType === undefined ? connection.password === undefined : authType !== 'PASSWORD';
  if (!iam && connection.user === undefined) throw new UsageError('A password login needs a user', 'Add --user.');
  const version = await connector.engineVersion({
    instance,
    ...(ipType ? { ipType } : {}),
    ...(iam ? { authType: 'IAM' } : someone),
  });
  const engine = engineOf(version, instance);
  const isSqlServer = engine === 'SQLSERVER';
  const asked = iam && !isSqlServer ? await connector.databaseUser({ engine, instance }) : undefined;
  const user = connection.user ?? asked;
  const database = named ?? defaultDatabases[engine];
  const demanded = auth ?? (isSqlServer && process.platform !== 'linux' ? 'none' : undefined);
  if (port === undefined) await sweepSockets();
  const listener = await listen({
    ...connection,
    engine,
    connector,
    ...(user === undefined ? {} : { user }),
    ...(database === undefined ? {} : { database }),
    ...(port === undefined && !isSqlServer ? {} : { port: port ?? 0, ...(demanded ? { auth: demanded } : {}) }),
  });
  const password = isSqlServer ? (connection.password as string | undefined) : secretOf(listener);
  return {
    ...{ engine, url: listener.url, user, database, password },
    ...addressOf(listener, engine),
    close: () => listener.close(),
  };
}

/** Looking at an instance takes no password, but the option has to be whole. */
const someone = { authType: 'PASSWORD', user: 'nobody', password: 'none' } as const;

/** Where a client that names no database ends up well; MySQL needs none. */
const defaultDatabases = {
  POSTGRES: 'postgres',
  MYSQL: undefined,
  SQLSERVER: 'master',
} as const satisfies Record<Engine, string | undefined>;

function engineOf(version: string, instance: string): Engine {
  const engine = (['POSTGRES', 'MYSQL', 'SQLSERVER'] as const).find((each) => version.startsWith(each));
  if (engine) return engine;
  throw new UsageError(`${instance} runs ${version || 'an unknown engine'}`, 'Update this program.');
}

/** What the listener demands of clients. Its URL is the only place that has it. */
function secretOf({ url }: Listener): string | undefined {
  const { password } = new URL(url);
  return password === '' ? undefined : decodeURIComponent(password);
}

function addressOf({ address }: Listener, engine: Engine): Pick<LocalSession, 'host' | 'port' | 'socket'> {
  if (!address.startsWith('/')) {
    const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
    return { host, port, socket: undefined };
  }
  // libpq takes the folder for the host, and finds the socket in it by its port.
  const [, folder = '', port = ''] = /^(.*)\/\.s\.PGSQL\.(\d+)$/.exec(address) ?? [];
  return engine === 'MYSQL'
    ? { host: 'localhost', port: '', socket: address }
    : { host: folder, port, socket: address };
}
