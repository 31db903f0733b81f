import { lstat, readdir, rmdir, unlink } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** From which age on a folder can be left over, in milliseconds: whoever makes one listens there a moment later. */
const grownUpMs = 60_000;

/** The names of sockets in folders of their own, as `listen()` of core calls them. */
const socketNames = ['.s.PGSQL.5432', 'mysql.sock'];

/**
 * Removes the private folders that commands of this user have left behind which were killed: folders with nothing in them
 * but a socket that nobody listens on. Never rejects.
 */
export async function sweepSockets(): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => []);
  const ours = names.filter((name) => /^cloudsql-[A-Za-z0-9]{6}$/.test(name));
  await Promise.all(ours.map((name) => sweep(path.join(tmpdir(), name)).catch(() => {})));
}

async function sweep(folder: string): Promise<void> {
  const found = await lstat(folder);
  const isPrivate = found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0;
  if (!isPrivate || Date.now() - found.mtimeMs < grownUpMs) return;
  const [name = '', ...others] = await readdir(folder);
  const socket = path.join(folder, name);
  if (others.length > 0 || !socketNames.includes(name)) return;
  if (!(await lstat(socket)).isSocket() || !(await isAbandoned(socket))) return;
  await unlink(socket);
  // Fails where something has come in between.
  await rmdir(folder);
}

/** Whether a socket is nobody's; one that is too busy to answer is somebody's. */
function isAbandoned(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.connect(socket);
    probe.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED'));
    probe.once('connect', () => {
      probe.destroy();
      resolve(false);
    });
  });
}
