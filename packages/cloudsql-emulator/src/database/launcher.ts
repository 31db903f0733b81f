import { execFile } from 'node:child_process';
import { cp, lchown, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PostgresBinaries } from './binaries.ts';
import { completeLibraries } from './binaries.ts';

/** How PostgreSQL is started without being root, which it refuses to be. */
export interface Launcher {
  /** Words to put before each command; none of them holds a blank. */
  readonly prefix: string;
  /** User and group id to run under; `undefined` keeps the own one. */
  readonly userId: number | undefined;
  readonly binaries: PostgresBinaries;
}

const NOBODY = 65_534;
const UNSHARE = ['unshare', '--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`] as const;
const run = promisify(execFile);

/**
 * Decides how to start PostgreSQL. Root enters a user namespace, where it has another name but keeps its files; where
 * that is forbidden (as in most containers) the workspace is given to `nobody`, who then runs the programs.
 */
export async function chooseLauncher(binaries: PostgresBinaries, workspace: string): Promise<Launcher> {
  if (process.getuid?.() !== 0) return { prefix: '', userId: undefined, binaries };
  const [command, ...options] = UNSHARE;
  if (await succeeds(command, [...options, 'true'])) {
    return { prefix: UNSHARE.join(' '), userId: undefined, binaries };
  }
  return await asNobody(binaries, workspace);
}

async function asNobody(binaries: PostgresBinaries, workspace: string): Promise<Launcher> {
  await giveToNobody(workspace);
  const postgres = join(binaries.root, 'bin', 'postgres');
  const extra = binaries.extraLibraries;
  const environment: Record<string, string> = extra ? { LD_LIBRARY_PATH: extra } : {};
  if (await succeeds(postgres, ['--version'], { uid: NOBODY, gid: NOBODY, env: environment })) {
    return { prefix: '', userId: NOBODY, binaries };
  }
  // The programs lie where only root may read, such as below /root.
  const root = join(workspace, 'native');
  await cp(binaries.root, root, { recursive: true, verbatimSymlinks: true });
  const copied = { root, extraLibraries: await completeLibraries(root, workspace) };
  await giveToNobody(workspace);
  return { prefix: '', userId: NOBODY, binaries: copied };
}

/** Gives a folder, with all that is in it, to the user that the programs run under. */
export async function giveTo({ userId }: Launcher, folder: string): Promise<void> {
  if (userId !== undefined) await giveToNobody(folder);
}

// With everything in it: should this process crash, nobody has to be able to remove it.
async function giveToNobody(workspace: string): Promise<void> {
  const paths = await readdir(workspace, { recursive: true });
  for (const path of ['', ...paths]) await lchown(join(workspace, path), NOBODY, NOBODY);
}

async function succeeds(
  command: string,
  args: readonly string[],
  options: { uid?: number; gid?: number; env?: Record<string, string> } = {},
): Promise<boolean> {
  return await run(command, [...args], { cwd: '/', timeout: 10_000, ...options }).then(
    () => true,
    () => false,
  );
}
