import type { Connector, Engine } from '@x/cloudsql-core';
import { UsageError } from '../cli/usage-error.ts';
import type { Target } from '../login/login-flags.ts';

/** Where a client on this machine reaches a database, and how. It lasts until it is closed. */
export interface LocalSession {
  readonly engine: Engine;
  /** Everything in one line; on TCP it may hold a secret. */
  readonly url: string;
  /** A host name or address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: string;
  readonly user: string;
  readonly database: string;
  /** What the listener demands; undefined where nothing. */
  readonly password: string | undefined;
  close(): Promise<void>;
}

/** Where to listen. Without a port: on a Unix socket that only this user of the machine can open. */
export interface LocalPlace {
  readonly port?: number;
  /** What is demanded on TCP. @default 'SECRET' */
  readonly auth?: string;
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
  const engine = engineOf(
    await connector.engineVersion({
      instance,
      ...(ipType ? { ipType } : {}),
      ...(iam ? { authType: 'IAM' } : someone),
    }),
    instance,
  );
  const user = connection.user ?? (await connector.databaseUser({ engine, instance }));
  const database = named ?? 'postgres';
  const listener = await listen({
    ...connection,
    user,
    database,
    connector,
    ...(port === undefined ? {} : { port, ...(auth ? { auth } : {}) }),
  });
  const url = new URL(listener.url);
  return {
    engine,
    url: listener.url,
    host: url.searchParams.get('host') ?? url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port || '5432',
    user,
    database,
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
    close: () => listener.close(),
  };
}

/** Looking at an instance takes no password, but the option has to be whole. */
const someone = { authType: 'PASSWORD', user: 'nobody', password: 'none' } as const;

function engineOf(version: string, instance: string): Engine {
  if (version.startsWith('POSTGRES')) return 'POSTGRES';
  throw new UsageError(
    `${instance} runs ${version || 'an unknown engine'}, and this command speaks PostgreSQL`,
    'Open a port with `cloudsql proxy` and use a client of that engine.',
  );
}
