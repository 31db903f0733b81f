import { randomBytes } from 'node:crypto';
import net, { type AddressInfo, type Server } from 'node:net';
import type { Engine } from '../credentials/database-user.ts';
import { ConfigError } from '../errors.ts';
import { userPlaceholder } from '../login.ts';
import { type Gate, mysqlSecretGate, openGate, peerGate, secretGate } from './gate.ts';
import { Listener } from './listener.ts';
import { type ListenOptions, type ResolvedListen, resolveListen } from './options.ts';
import { sqlServerUrl } from './sql-server.ts';
import {
  isStale,
  libpqAddress,
  listenError,
  lookUp,
  prepare,
  publishSocket,
  removeSocket,
  type SocketPlace,
  socketPath,
} from './unix-socket.ts';

/**
 * Opens a local socket that leads to the instance and speaks PostgreSQL, MySQL, or for SQL Server TDS: a Unix socket that
 * only this user of the machine can open, or TCP behind a secret. Nothing is dialled before a client comes, so this needs
 * no credentials yet.
 * It keeps no process alive, and is removed when the process exits.
 *
 * @example
 * await using listener = await listen({ instance: 'my-project:europe-west1:orders', database: 'orders' });
 * await promisify(execFile)('pg_dump', [listener.url]);
 * @throws ConfigError
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const resolved = resolveListen(options);
  if ('host' in resolved.place) return await listenTcp(resolved, resolved.place);
  const chosen =
    resolved.place.path === undefined ? undefined : socketPath(resolved.place.path, resolved.session.engine);
  if (chosen !== undefined) await makeRoom(chosen);
  return bindUnix(resolved, chosen);
}

/**
 * {@link listen} for places where nothing can be awaited. Unix sockets only, and not in the place of one that exists: to
 * tell whether somebody listens there takes time.
 * @throws ConfigError
 */
export function listenSync(options: ListenOptions): Listener {
  const resolved = resolveListen(options);
  if ('host' in resolved.place) {
    throw new ConfigError('CLOUDSQL_INVALID_OPTION', 'A TCP listener cannot be opened synchronously', {
      remedy: 'Await `listen`, or leave out `host` and `port` (Windows has no other choice than TCP).',
    });
  }
  const chosen =
    resolved.place.path === undefined ? undefined : socketPath(resolved.place.path, resolved.session.engine);
  if (chosen !== undefined && lookUp(chosen)) {
    const remedy = 'Remove it, choose another path, or await `listen`, which finds out whether it is in use.';
    throw listenError(chosen, new Error('it exists'), remedy);
  }
  return bindUnix(resolved, chosen);
}

async function listenTcp(
  { session, database, auth, secret: given }: ResolvedListen,
  at: { host: string; port: number },
): Promise<Listener> {
  const server = makeServer();
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve).once('error', reject);
    server.listen({ ...at, exclusive: true, backlog });
  }).catch((error: unknown) => {
    throw listenError(`${at.host}:${at.port}`, error);
  });
  server.removeAllListeners();
  const { port } = server.address() as AddressInfo;
  const secret = auth === 'SECRET' ? (given ?? randomBytes(24).toString('base64url')) : undefined;
  const isMysql = session.engine === 'MYSQL';
  const gates: Record<typeof auth, () => Gate> = {
    SECRET: () => (isMysql ? mysqlSecretGate : secretGate)(secret ?? ''),
    PEER: () => peerGate,
    NONE: () => openGate,
  };
  // A client on this machine reaches what listens on all addresses by the loopback one.
  const host = at.host === '0.0.0.0' ? '127.0.0.1' : at.host === '::' ? '::1' : at.host;
  const address = `${net.isIPv6(host) ? `[${host}]` : host}:${port}`;
  const { user, password } = session;
  const url =
    session.engine === 'SQLSERVER'
      ? sqlServerUrl({ address, user, password: password as string | undefined, database })
      : urlOf(session, { secret, address, database, query: isMysql ? '' : '?sslmode=disable' });
  return new Listener({ server, session, gate: gates[auth](), address, url, cleanUp: () => {} });
}

/** Binds in this very tick. */
function bindUnix({ session, database, mode }: ResolvedListen, chosen: string | undefined): Listener {
  const place = prepare(chosen, mode, session.engine);
  const server = makeServer();
  let failure: Error | undefined;
  server.once('error', (error) => {
    failure = error;
  });
  server.listen({ path: place.bindPath, exclusive: true, backlog });
  if (!server.listening) {
    removeSocket(place, undefined);
    throw listenError(place.path, failure ?? new Error('the socket cannot be bound'));
  }
  let inode: number | undefined;
  try {
    publishSocket(place, mode);
    inode = lookUp(place.path)?.ino;
  } catch (error) {
    server.close();
    removeSocket(place, undefined);
    throw error;
  }
  server.removeAllListeners('error');
  const cleanUp = removedAtExit(place, inode);
  const url = urlOf(session, { secret: undefined, database, ...unixAddress(place.path, session.engine) });
  return new Listener({ server, session, gate: openGate, address: place.path, url, cleanUp });
}

/** How many clients may wait to be accepted, up to what the system allows; a Unix socket refuses the next one at once. */
const backlog = 4096;

/** Half-closes pass through. */
function makeServer(): Server {
  return net
    .createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 })
    .unref();
}

/** Leaves a path alone where somebody listens, or where something else is. What a killed process left is replaced. */
async function makeRoom(path: string): Promise<void> {
  const there = lookUp(path);
  if (!there) return;
  if (!there.isSocket()) throw listenError(path, new Error('it exists and is no socket'));
  if (!(await isStale(path))) throw listenError(path, new Error('somebody listens there'));
}

const leftAtExit = new Set<() => void>();

function runAtExit(): void {
  for (const remove of leftAtExit) remove();
}

/** Removes the socket when it is told to, or else when the process exits. */
function removedAtExit(place: SocketPlace, inode: number | undefined): () => void {
  if (leftAtExit.size === 0) process.on('exit', runAtExit);
  const remove = (): void => {
    leftAtExit.delete(remove);
    removeSocket(place, inode);
    if (leftAtExit.size === 0) process.off('exit', runAtExit);
  };
  leftAtExit.add(remove);
  return remove;
}

/** Where the query has a host, it is what counts; the one before it is there for parsers that demand one. */
function unixAddress(path: string, engine: Engine): { address: string; query: string } {
  if (engine === 'MYSQL') return { address: 'localhost', query: `?socketPath=${encodeURIComponent(path)}` };
  const { folder, port } = libpqAddress(path);
  return { address: `localhost:${port}`, query: `?host=${encodeURIComponent(folder)}&sslmode=disable` };
}

interface UrlParts {
  readonly secret: string | undefined;
  readonly address: string;
  readonly database: string | undefined;
  readonly query: string;
}

function urlOf(
  { user = userPlaceholder, engine }: ResolvedListen['session'],
  { secret, address, database = '', query }: UrlParts,
): string {
  const login = [user, ...(secret === undefined ? [] : [secret])].map(encodeURIComponent).join(':');
  const scheme = engine === 'MYSQL' ? 'mysql' : 'postgresql';
  return `${scheme}://${login}@${address}/${encodeURIComponent(database)}${query}`;
}
