import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { EmulatorError, messageOf, systemCode } from '../errors.ts';
import { isRunning } from '../process-table.ts';

const NAME = 'emulator.lock';

/** Locks of this process: in a container, one that died before it may have had the same id. */
const held = new Set<string>();

/** Keeps a folder for one process. A lock whose process has died is worth nothing. */
export class FolderLock {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Tells whether a path is that of a lock. */
  static is(path: string): boolean {
    return basename(path).startsWith(NAME);
  }

  /** @throws EmulatorError `DATA_FOLDER_UNUSABLE` */
  static async take(folder: string): Promise<FolderLock> {
    const path = join(folder, NAME);
    const mark = `${path}.${process.pid}`;
    try {
      for (;;) {
        await writeFile(mark, String(process.pid), { mode: 0o600 });
        try {
          // Unlike a file that is opened and then written, a link is never seen empty.
          await link(mark, path);
          held.add(path);
          return new FolderLock(path);
        } catch (error) {
          if (systemCode(error) !== 'EEXIST') throw error;
        }
        const owner = Number(await readFile(path, 'utf8').catch(() => ''));
        const isOwned = owner === process.pid ? held.has(path) : owner > 0 && isRunning(owner);
        if (isOwned) {
          const remedy = `Stop that, or give another folder (if no such emulator runs, delete ${path})`;
          throw unusable(
            `The data folder ${folder} is in use by the emulator with the process id ${owner}. ${remedy}.`,
          );
        }
        await rm(path, { force: true });
      }
    } catch (cause) {
      if (cause instanceof EmulatorError) throw cause;
      throw unusable(`Cannot use the data folder ${folder}: ${messageOf(cause)}.`, cause);
    } finally {
      await rm(mark, { force: true });
    }
  }

  async release(): Promise<void> {
    held.delete(this.#path);
    await rm(this.#path, { force: true });
  }
}

function unusable(message: string, cause?: unknown): EmulatorError {
  return new EmulatorError('DATA_FOLDER_UNUSABLE', message, { cause });
}
