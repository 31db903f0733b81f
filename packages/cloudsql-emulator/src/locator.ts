import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from './client-environment.ts';
import type { Emulator } from './emulator.ts';
import { EmulatorError, systemCode } from './errors.ts';
import { isRunning } from './process-table.ts';

/** What tools know of an emulator that runs in another process. */
export interface RunningEmulator {
  readonly pid: number;
  /** Address of its control plane, such as `127.0.0.1:9010`. */
  readonly host: string;
  /** Says which emulator it is, as its control plane does under `/emulator`. */
  readonly id: string;
  readonly startedAt: string;
  /** Variables that send `@x/cloudsql-core` to it. */
  readonly env: Environment;
}

const ANSWER_TIMEOUT_MS = 2000;

/**
 * Writes down where an emulator runs, for {@link findEmulators}. Returns a function that removes the note; one that is
 * left behind by a process that was killed does no harm.
 * @throws EmulatorError `LOCATOR_UNUSABLE`
 */
export async function publishEmulator(cloud: Emulator, folder: string = locatorFolder()): Promise<() => Promise<void>> {
  await checkFolder(folder);
  const path = join(folder, `${process.pid}-${cloud.id}.json`);
  const { host, id, env } = cloud;
  const note: RunningEmulator = { pid: process.pid, host, id, startedAt: new Date().toISOString(), env };
  await writeFile(`${path}.new`, JSON.stringify(note), { mode: 0o600 });
  await rename(`${path}.new`, path);
  return () => rm(path, { force: true });
}

/**
 * Finds the emulators that were published and still run, the latest first. A note is believed if its process exists and
 * the control plane at its address gives the same id; others are removed.
 * @throws EmulatorError `LOCATOR_UNUSABLE`
 */
export async function findEmulators(folder: string = locatorFolder()): Promise<readonly RunningEmulator[]> {
  await checkFolder(folder);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  const found = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const note = await readNote(path);
      if (note && isRunning(note.pid) && (await idAt(note.host)) === note.id) return note;
      await rm(path, { force: true });
      return undefined;
    }),
  );
  return found.filter((note) => note !== undefined).sort((a, b) => b.startedAt.localeCompare(a.startedAt));
}

function locatorFolder(): string {
  return join(process.env.XDG_RUNTIME_DIR || tmpdir(), `cloudsql-emulators-${process.getuid?.() ?? 0}`);
}

/** The folder is private: what it says decides where programs connect to. */
async function checkFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = await stat(folder);
  if (uid === (process.getuid?.() ?? uid) && (mode & 0o022) === 0) return;
  throw new EmulatorError(
    'LOCATOR_UNUSABLE',
    `The folder ${folder}, where running emulators are written down, belongs to somebody else or lets others write. Remove it.`,
  );
}

async function readNote(path: string): Promise<RunningEmulator | undefined> {
  try {
    const note = JSON.parse(await readFile(path, 'utf8')) as Partial<RunningEmulator>;
    const { pid, host, id, startedAt, env } = note;
    const isWhole = Number.isInteger(pid) && [host, id, startedAt].every((each) => typeof each === 'string') && env;
    return isWhole ? (note as RunningEmulator) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function idAt(host: string): Promise<string | undefined> {
  try {
    const response = await fetch(`http://${host}/emulator`, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    return ((await response.json()) as { id?: string }).id;
  } catch {
    return undefined;
  }
}
