import { readFile } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { EmulatorError, messageOf } from './errors.ts';
import type { EmulatorOptions } from './options.ts';
import { checkOptions } from './resolve-options.ts';

const PATHS = ['dataDir', 'importFrom', 'exportOnClose'] as const;

/**
 * Reads options from a file: JSON, or YAML where its name ends in `.yaml` or `.yml`. Its keys are those of
 * {@link EmulatorOptions}; relative paths in it start from its folder. The options have been checked.
 * @throws EmulatorError `CONFIG_UNREADABLE`, `INVALID_OPTION`, `UNSUPPORTED_ENGINE`
 */
export async function readConfig(file: string): Promise<EmulatorOptions> {
  const path = resolve(file);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw unreadable(`Cannot read the configuration ${path}: ${messageOf(cause)}.`, cause);
  }
  const value = await parse(text, path);
  try {
    const options = checkOptions(value);
    const paths = PATHS.flatMap((name) => {
      const given = options[name];
      return given === undefined ? [] : [[name, resolve(dirname(path), given)]];
    });
    return { ...options, ...Object.fromEntries(paths) };
  } catch (error) {
    if (!(error instanceof EmulatorError)) throw error;
    throw new EmulatorError(error.code, `${path}: ${error.message}`, { cause: error });
  }
}

async function parse(text: string, path: string): Promise<unknown> {
  try {
    if (!['.yaml', '.yml'].includes(extname(path).toLowerCase())) return JSON.parse(text);
    const { parse: parseYaml } = await import('yaml');
    // An empty file says nothing, which is a configuration, too.
    return parseYaml(text, { prettyErrors: true, logLevel: 'error', uniqueKeys: true }) ?? {};
  } catch (cause) {
    throw unreadable(`Cannot read the configuration ${path}: ${messageOf(cause).trimEnd()}`, cause);
  }
}

function unreadable(message: string, cause: unknown): EmulatorError {
  return new EmulatorError('CONFIG_UNREADABLE', message, { cause });
}
