import { chmod, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { Failure } from '../cli/failure.ts';

/** What a file holds; nothing where it does not exist. @throws Failure */
export async function readIfThere(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw new Failure(
      `${file} cannot be read (${error.code})`,
      'Choose another file, or correct its permissions.',
      error,
    );
  });
}

/** Puts a file in place that only this user can read: whole or not at all, and never readable by others meanwhile. @throws Failure */
export async function writePrivate(file: string, text: string): Promise<void> {
  // A link stays one: its target is replaced.
  const target = await realpath(file).catch(() => file);
  const draft = `${target}.${process.pid}.new`;
  try {
    await writeFile(draft, text, { mode: 0o600, flag: 'wx' });
    // Whatever the mask of the process takes away or leaves.
    await chmod(draft, 0o600);
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    throw new Failure(`${file} cannot be written (${code})`, 'Choose another file.', error);
  }
}
