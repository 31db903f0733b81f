import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// A path longer than this leaves no room for the socket's own name: macOS allows 103 bytes in all.
const MAX_PATH_BYTES = 70;

/** Makes the private folder (0700) that everything of one emulator lies in. */
export async function createWorkspace(): Promise<string> {
  const parent = await realpath(tmpdir());
  const base = Buffer.byteLength(parent) <= MAX_PATH_BYTES ? parent : '/tmp';
  return await mkdtemp(join(base, 'cloudsql-'));
}

/** Removes the folder and all that is in it. */
export async function removeWorkspace(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 5 });
}
