import type { Emulator, EmulatorOptions } from '@x/cloudsql-emulator';
import type { Command } from 'commander';
import { Failure } from '../cli/failure.ts';
import { UsageError } from '../cli/usage-error.ts';

/** The flags that describe an emulator. */
export interface EmulatorFlags {
  readonly config?: string;
  readonly dataDir?: string;
  readonly import?: string;
  readonly exportOnExit?: string;
}

/** Adds {@link EmulatorFlags} to a command. */
export function addEmulatorFlags(command: Command): Command {
  return command
    .option(
      '--config <file>',
      'instances, users and principals, in YAML or JSON (default: made when they are asked for)',
    )
    .option('--data-dir <folder>', 'keep the databases in this folder')
    .option('--import <folder>', 'start from what an emulator exported')
    .option('--export-on-exit <folder>', 'export everything at the end, in place of an older export');
}

/** The options that the flags and the file that they name add up to. @throws UsageError, Failure */
export async function emulatorOptions(flags: EmulatorFlags): Promise<EmulatorOptions> {
  const { readConfig } = await import('@x/cloudsql-emulator');
  const { config, dataDir, import: importFrom, exportOnExit } = flags;
  return {
    ...(config === undefined ? {} : await explained(readConfig(config))),
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(importFrom === undefined ? {} : { importFrom }),
    ...(exportOnExit === undefined ? {} : { exportOnClose: exportOnExit }),
  };
}

/** Starts an emulator. @throws UsageError, Failure */
export async function start(options: EmulatorOptions): Promise<Emulator> {
  const { startEmulator } = await import('@x/cloudsql-emulator');
  return await explained(startEmulator(options));
}

/** Codes of the emulator that say that it was asked for something that cannot be. */
const usageCodes = new Set(['INVALID_OPTION', 'CONFIG_UNREADABLE', 'UNSUPPORTED_ENGINE', 'DATA_FOLDER_UNUSABLE']);

const remedies: Readonly<Record<string, string>> = {
  INVALID_OPTION: 'Correct it in the configuration.',
  CONFIG_UNREADABLE: 'Correct the path or the file.',
  UNSUPPORTED_ENGINE: 'Choose another engine.',
  DATA_FOLDER_UNUSABLE: 'Choose another folder.',
  ADDRESS_UNAVAILABLE: 'End the program that has it, or use --port 0 for any free one.',
};

/** Gives the emulator's errors an end as other commands have it. */
async function explained<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const { name, code = '', message } = error as Error & { readonly code?: string };
    if (name !== 'EmulatorError') throw error;
    const remedy = remedies[code] ?? 'Look at the message.';
    throw usageCodes.has(code) ? new UsageError(message, remedy) : new Failure(message, remedy, error);
  }
}
