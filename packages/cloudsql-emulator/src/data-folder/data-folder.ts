import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { EmulatorError, messageOf, systemCode } from '../errors.ts';
import { FolderLock } from './folder-lock.ts';
import type { StoredInstance, StoredState } from './stored-state.ts';
import { readState, writeState } from './stored-state.ts';

const STATE_FILE = 'emulator.json';
const DATA = 'data';

/**
 * A folder in which databases outlive the emulator: their data, and the configuration that belongs to it. An export is
 * such a folder, too.
 */
export class DataFolder {
  readonly #path: string;
  readonly #lock: FolderLock;
  /** What the folder held when it was opened; `undefined` if it was empty. */
  readonly state: StoredState | undefined;
  #saving: Promise<void> = Promise.resolve();

  private constructor(path: string, lock: FolderLock, state: StoredState | undefined) {
    this.#path = path;
    this.#lock = lock;
    this.state = state;
  }

  /**
   * Opens a folder, or makes it, for one emulator at a time. With `importFrom`, an empty one is filled from there.
   * @throws EmulatorError `DATA_FOLDER_UNUSABLE`, `INVALID_OPTION`
   */
  static async open(path: string, importFrom?: string): Promise<DataFolder> {
    const folder = resolve(path);
    await explain(`Cannot use the data folder ${folder}`, () => mkdir(folder, { recursive: true, mode: 0o700 }));
    const lock = await FolderLock.take(folder);
    try {
      if (importFrom !== undefined) await fill(folder, resolve(importFrom));
      const text = await readIfThere(join(folder, STATE_FILE));
      // Data without a configuration is what a first start left that was killed; nobody has used it.
      if (text === undefined && (await contentOf(folder)).some((name) => name !== DATA)) {
        throw unusable(
          `${folder} holds something else than data of the emulator. Give an empty folder, or another one.`,
        );
      }
      return new DataFolder(folder, lock, text === undefined ? undefined : readState(text, STATE_FILE));
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Returns the folder for an instance's data. What a start that failed has left there is removed. */
  async folderOf(name: string): Promise<string> {
    const folder = dataFolder(this.#path, name);
    if (!this.find(name)) await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return folder;
  }

  /** Returns what was known of an instance when the folder was opened. */
  find(name: string): StoredInstance | undefined {
    return this.state?.instances.find((instance) => instance.name === name);
  }

  /** Writes down the configuration. It is there as a whole or not at all. */
  save(state: StoredState): Promise<void> {
    this.#saving = this.#saving.then(() => saveState(this.#path, state));
    return this.#saving;
  }

  /** Copies the folder, whose databases must have stopped, to another place, where it replaces an older export. */
  async copyTo(target: string): Promise<void> {
    const folder = resolve(target);
    const made = `${folder}.new-${process.pid}`;
    await explain(`Cannot export to ${folder}`, async () => {
      await checkReplaceable(folder);
      await rm(made, { recursive: true, force: true });
      await cp(this.#path, made, { recursive: true, verbatimSymlinks: true, filter: (from) => !FolderLock.is(from) });
      await rm(folder, { recursive: true, force: true });
      await rename(made, folder);
    });
  }

  /** Lets other emulators use the folder. */
  async close(): Promise<void> {
    await this.#saving;
    await this.#lock.release();
  }
}

/** Names hold no underscore, so that this one stands for their separators. */
function dataFolder(root: string, name: string): string {
  return join(root, DATA, name.replaceAll(/[:/]/g, '_'));
}

async function fill(folder: string, from: string): Promise<void> {
  if ((await readIfThere(join(from, STATE_FILE))) === undefined) {
    throw unusable(`Cannot import from ${from}: it holds no ${STATE_FILE}, so it is no export.`);
  }
  if ((await contentOf(folder)).length > 0) {
    throw unusable(`Cannot import into ${folder}, which holds data already. Leave one of the two options out.`);
  }
  await explain(`Cannot import from ${from}`, () =>
    cp(from, folder, { recursive: true, verbatimSymlinks: true, filter: (path) => !FolderLock.is(path) }),
  );
}

async function saveState(folder: string, state: StoredState): Promise<void> {
  const path = join(folder, STATE_FILE);
  await writeFile(`${path}.new`, writeState(state), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** An export may replace an export or nothing, never other files of the user's. */
async function checkReplaceable(folder: string): Promise<void> {
  const content = await contentOf(folder);
  if (content.length > 0 && !content.includes(STATE_FILE)) {
    throw unusable(`Cannot export to ${folder}: it holds something else than an export. Give another folder.`);
  }
}

async function contentOf(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return [];
    throw unusable(`Cannot read the folder ${folder}: ${messageOf(error)}.`, error);
  });
  return names.filter((name) => !FolderLock.is(name));
}

async function readIfThere(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw unusable(`Cannot read ${path}: ${messageOf(error)}.`, error);
  });
}

async function explain(what: string, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (cause) {
    throw cause instanceof EmulatorError ? cause : unusable(`${what}: ${messageOf(cause)}.`, cause);
  }
}

function unusable(message: string, cause?: unknown): EmulatorError {
  return new EmulatorError('DATA_FOLDER_UNUSABLE', message, { cause });
}
