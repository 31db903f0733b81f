import { execFile } from 'node:child_process';
import { lchown, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** How a database server is started without being root, which most refuse to be. */
export interface Launcher {
  /** Words to put before each command; none of them holds a blank. */
  readonly prefix: string;
  /** User and group id to run under; `undefined` keeps the own one. */
  readonly userId: number | undefined;
}

const NOBODY = 65_534;
const UNSHARE = ['unshare', '--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`] as const;
const run = promisify(execFile);

/**
 * Decides how to start servers. Root enters a user namespace, where it has another name but keeps its files; where
 * that is forbidden (as in most containers) the workspace is given to `nobody`, who then runs the programs.
 */
export async function chooseLauncher(workspace: string): Promise<Launcher> {
  if (process.getuid?.() !== 0) return { prefix: '', userId: undefined };
  const [command, ...options] = UNSHARE;
  if (await succeeds(command, [...options, 'true'])) return { prefix: UNSHARE.join(' '), userId: undefined };
  await giveToNobody(workspace);
  return { prefix: '', userId: NOBODY };
}

/** Tells whether a launcher can start a program; it may lie where only root may read, such as below /root. */
export async function canStart(
  { userId }: Launcher,
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<boolean> {
  if (userId === undefined) return true;
  return await succeeds(program, args, { uid: userId, gid: userId, env: environment });
}

/** Gives a folder, with all that is in it, to the user that the programs run under. */
export async function giveTo({ userId }: Launcher, folder: string): Promise<void> {
  if (userId !== undefined) await giveToNobody(folder);
}

// With everything in it: should this process crash, nobody has to be able to remove it.
async function giveToNobody(folder: string): Promise<void> {
  const paths = await readdir(folder, { recursive: true });
  for (const path of ['', ...paths]) await lchown(join(folder, path), NOBODY, NOBODY);
}

async function succeeds(
  command: string,
  args: readonly string[],
  options: { uid?: number; gid?: number; env?: Readonly<Record<string, string>> } = {},
): Promise<boolean> {
  return await run(command, [...args], { cwd: '/', timeout: 10_000, ...options }).then(
    () => true,
    () => false,
  );
}
