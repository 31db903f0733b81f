import { access, constants, mkdir, mkdtemp, realpath, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// A path longer than this leaves no room for the socket's own name: macOS allows 103 bytes in all.
const MAX_PATH_BYTES = 70;
const MEMORY_FOLDER = '/dev/shm';
// Containers often give it 64 MB only, which one database nearly fills.
const MIN_MEMORY_BYTES = 2 * 1024 ** 3;

/** The folder of one emulator. All parts are its own. */
export interface Workspace {
  readonly root: string;
  /** For credentials and keys that clients read. */
  readonly clientFiles: string;
  /** For data that is imported or to be exported. Made when it is needed. */
  readonly data: string;
  /** Stays empty. */
  readonly emptyFolder: string;
}

/**
 * Makes the private folder (0700) that everything of one emulator lies in: below `TMPDIR` if that is set, else in
 * memory where there is room (creating a database there takes half the time), else in the system's temporary folder.
 */
export async function createWorkspace(): Promise<Workspace> {
  const root = await mkdtemp(join(await chooseParent(), 'cloudsql-'));
  const clientFiles = join(root, 'clients');
  const emptyFolder = join(root, 'empty');
  for (const folder of [clientFiles, emptyFolder]) await mkdir(folder, { mode: 0o700 });
  return { root, clientFiles, emptyFolder, data: join(root, 'data') };
}

/** Removes the folder and all that is in it. */
export async function removeWorkspace({ root }: Workspace): Promise<void> {
  await rm(root, { recursive: true, force: true, maxRetries: 5 });
}

async function chooseParent(): Promise<string> {
  if (!process.env.TMPDIR && (await hasRoomInMemory())) return MEMORY_FOLDER;
  const parent = await realpath(tmpdir());
  return Buffer.byteLength(parent) <= MAX_PATH_BYTES ? parent : '/tmp';
}

async function hasRoomInMemory(): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  try {
    await access(MEMORY_FOLDER, constants.W_OK | constants.X_OK);
    const { bavail, bsize } = await statfs(MEMORY_FOLDER);
    return bavail * bsize >= MIN_MEMORY_BYTES;
  } catch {
    return false;
  }
}
