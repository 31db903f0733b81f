import { readFileSync } from 'node:fs';
import path from 'node:path';
import { suggest } from '@x/cloudsql-core';
import { UsageError } from '../../cli/usage-error.ts';
import { type NumberedNames, numbered } from './numbered-names.ts';
import type { SourceValues } from './read-environment.ts';
import { readValue } from './read-value.ts';
import type { Given } from './setting.ts';
import { findGlobalSetting, type SettingName, settingNames, settingOf, type Values } from './settings.ts';

type Parse = (text: string) => unknown;

/** How each kind of file is read; the libraries are loaded for a file of their kind only. */
const formats: Readonly<Record<string, () => Promise<Parse>>> = {
  '.toml': async () => (await import('smol-toml')).parse,
  '.yaml': yaml,
  '.yml': yaml,
  '.json': async () => JSON.parse,
};

/**
 * Reads a file of settings; its extension says in which format.
 * @throws UsageError for a file that cannot be read, and for a key that nothing is called or that has a wrong value
 */
export async function readConfigFile(file: string, source: string): Promise<SourceValues> {
  const format = formats[path.extname(file).toLowerCase()];
  if (!format) {
    throw new UsageError(`${source} is "${file}"`, 'Name a file that ends in .toml, .yaml, .yml or .json.');
  }
  const content = await parse(file, await format());
  const found: Partial<Record<SettingName, Given<unknown>>> = {};
  const names: NumberedNames = new Map();
  for (const [key, value] of Object.entries(content)) {
    const where = `${key} in ${file}`;
    if (/^(instance-connection-name|instance-uri)(-\d+)?$/.test(key)) {
      names.set(key, readValue('TEXT', value, where).value);
      continue;
    }
    const name = findGlobalSetting(key);
    if (name === undefined || name === 'config-file') throw unknown(file, key, name);
    const listed = Array.isArray(value) && settingOf(name).kind === 'EMAILS' ? value.join() : value;
    if (found[name])
      throw new UsageError(`${found[name].source} is there twice, as ${key} too`, 'Keep one of the two.');
    found[name] = readValue(settingOf(name).kind, listed, where);
  }
  const instances = ['instance-connection-name', 'instance-uri'].flatMap((name) =>
    numbered(names, name, '-', ` in ${file}`),
  );
  return { values: found as Values, instances };
}

async function parse(file: string, read: Parse): Promise<object> {
  let content: unknown;
  try {
    content = read(readFileSync(file, 'utf8'));
  } catch (error) {
    const { code, message, line } = error as NodeJS.ErrnoException & { readonly line?: number };
    // Parsers show the lines around the mistake; the first one says what it is, of TOML without the place.
    const said = (message.split('\n')[0] ?? '').replace(/:$/, '');
    const why = code === 'ENOENT' ? 'it does not exist' : line === undefined ? said : `${said} at line ${line}`;
    throw new UsageError(`The file ${file} cannot be read: ${why}`, 'Correct it, or its path.');
  }
  // An empty YAML file is null.
  if (content === null || content === undefined) return {};
  if (typeof content === 'object' && !Array.isArray(content)) return content;
  throw new UsageError(`The file ${file} does not hold keys with values`, 'Write one `key: value` per line.');
}

async function yaml(): Promise<Parse> {
  const { parse: read } = await import('yaml');
  return (text) => read(text) as unknown;
}

function unknown(file: string, key: string, name: SettingName | undefined): UsageError {
  const what = `The file ${file} has the key "${key}", which nothing is called`;
  if (name === 'config-file')
    return new UsageError(`The file ${file} names another one`, 'Put everything into one file.');
  const keys = settingNames.filter((each) => settingOf(each).instance !== 'ONLY');
  return new UsageError(what, suggest(key, [...keys, 'instance-connection-name', 'instance-uri']) ?? 'Remove it.');
}
