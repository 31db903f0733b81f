import { chmodSync, lstatSync, mkdirSync, mkdtempSync, renameSync, rmSync, type Stats, statSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Engine } from '../credentials/database-user.ts';
import { ConfigError, isError } from '../errors.ts';

/** libpq finds a socket by its folder and its port. */
const socketName = /^\.s\.PGSQL\.(\d{1,5})$/;

/** The longest path of a Unix socket, in bytes, without its closing zero. */
const longestPath = process.platform === 'linux' ? 107 : 103;

/** How long whoever listens on a path may take to answer, in milliseconds. */
const probeTimeoutMs = 1000;

/** Where a Unix socket will be, and what has to go with it. */
export interface SocketPlace {
  /** The path that clients use. */
  readonly path: string;
  /** Where the socket is made: in a folder that nobody else can enter. */
  readonly bindPath: string;
  /** The folder that exists for this socket only. */
  readonly privateFolder: string;
}

/** The full path of the socket that the option `path` means. */
export function socketPath(given: string, engine: Engine): string {
  const resolved = path.resolve(given);
  const full =
    engine === 'MYSQL' || socketName.test(path.basename(resolved)) ? resolved : path.join(resolved, '.s.PGSQL.5432');
  return checkLength(full, 'Set `path` to a shorter one.');
}

/** The folder and the port by which libpq finds a socket. */
export function libpqAddress(socket: string): { folder: string; port: string } {
  return { folder: path.dirname(socket), port: socketName.exec(path.basename(socket))?.[1] ?? '5432' };
}

/**
 * Prepares a place for a socket: one in a new folder, or the one that was chosen.
 * @throws ConfigError `CLOUDSQL_LISTEN_FAILED`, `CLOUDSQL_INVALID_OPTION`
 */
export function prepare(chosen: string | undefined, mode: number, engine: Engine): SocketPlace {
  try {
    if (chosen === undefined) {
      const privateFolder = mkdtempSync(path.join(tmpdir(), 'cloudsql-'));
      const socket = path.join(privateFolder, engine === 'MYSQL' ? 'mysql.sock' : '.s.PGSQL.5432');
      return { path: checkLength(socket, 'Set TMPDIR or `path` to a shorter one.'), bindPath: socket, privateFolder };
    }
    const folder = path.dirname(chosen);
    mkdirSync(folder, { recursive: true, mode: folderMode(mode) });
    // A socket that is open to others loses nothing there.
    if ((mode & 0o077) === 0) checkFolder(folder, statSync(folder));
    // Its name is not longer than the socket's, so the limit is the same.
    const privateFolder = mkdtempSync(path.join(folder, '.s'));
    return { path: chosen, bindPath: path.join(privateFolder, 's'), privateFolder };
  } catch (error) {
    throw listenError(chosen ?? tmpdir(), error);
  }
}

/** Gives a bound socket its permissions and its name, in place of a stale one. */
export function publishSocket({ path: socket, bindPath, privateFolder }: SocketPlace, mode: number): void {
  try {
    chmodSync(bindPath, mode);
    if (socket === bindPath) return;
    renameSync(bindPath, socket);
    rmSync(privateFolder, { recursive: true, force: true });
  } catch (error) {
    throw listenError(socket, error);
  }
}

/** Removes what is left of a socket: not the one that somebody else has put in its place. */
export function removeSocket({ path: socket, privateFolder }: SocketPlace, inode: number | undefined): void {
  try {
    if (inode !== undefined && lookUp(socket)?.ino === inode) rmSync(socket, { force: true });
    rmSync(privateFolder, { recursive: true, force: true });
  } catch {
    // Somebody has changed the folder's permissions: nothing that could be done here.
  }
}

/** What is at a path, if anything. */
export function lookUp(socket: string): Stats | undefined {
  try {
    return lstatSync(socket, { throwIfNoEntry: false });
  } catch (error) {
    throw listenError(socket, error);
  }
}

/** Whether nobody listens on the socket: what a process leaves behind that was killed. */
export function isStale(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.connect(socket);
    const settle = (stale: boolean): void => {
      clearTimeout(timer);
      probe.destroy();
      resolve(stale);
    };
    const timer = setTimeout(() => settle(false), probeTimeoutMs);
    probe.on('connect', () => settle(false));
    probe.on('error', ({ code }: NodeJS.ErrnoException) => settle(code === 'ECONNREFUSED' || code === 'ENOENT'));
  });
}

/** A listener that could not be opened. */
export function listenError(where: string, cause: unknown, remedy?: string): ConfigError {
  if (cause instanceof ConfigError) return cause;
  const why = isError(cause) ? cause.message : String(cause);
  return new ConfigError('CLOUDSQL_LISTEN_FAILED', `Cannot listen on ${where}: ${why}`, {
    cause,
    ...(remedy === undefined ? {} : { remedy }),
  });
}

/** A folder whose socket others may use lets them in. */
function folderMode(mode: number): number {
  return 0o700 | ((mode & 0o070) === 0 ? 0 : 0o050) | ((mode & 0o007) === 0 ? 0 : 0o005);
}

/** Where others may rename files, one of them could put a socket of his own in the place of ours. */
function checkFolder(folder: string, { mode }: Stats): void {
  const [othersWrite, sticky] = [0o022, 0o1000];
  if ((mode & othersWrite) === 0 || (mode & sticky) !== 0) return;
  throw listenError(folder, new Error('other users may write to this folder'), 'Choose a folder of your own.');
}

function checkLength(socket: string, remedy: string): string {
  const bytes = Buffer.byteLength(socket);
  if (bytes <= longestPath) return socket;
  const what = `The path of a Unix socket has at most ${longestPath} bytes, this one has ${bytes}: ${socket}`;
  throw new ConfigError('CLOUDSQL_INVALID_OPTION', what, { remedy });
}
