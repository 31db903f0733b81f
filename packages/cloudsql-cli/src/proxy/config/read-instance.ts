import { type DnsName, type Instance, parseName, suggest } from '@x/cloudsql-core';
import { UsageError } from '../../cli/usage-error.ts';
import { readValue } from './read-value.ts';
import type { Given } from './setting.ts';
import { findSetting, type SettingName, settingNames, settingOf, type Values } from './settings.ts';

/** One instance, and what was said of it alone. */
export interface NamedInstance {
  readonly instance: Instance | DnsName;
  readonly values: Values;
  readonly source: string;
}

/**
 * Reads `NAME?parameter=value&…`.
 * @throws UsageError for a parameter that nothing is called, or that has a wrong value
 * @throws ConfigError for a name that is none
 */
export function readInstance({ value, source }: Given<string>): NamedInstance {
  const [name = '', query] = split(value);
  if (['true', 'false'].includes(name)) {
    throw new UsageError(
      `"${name}" is not an instance`,
      `A switch takes its value behind an equals sign: --flag=${name}.`,
    );
  }
  return { instance: parseName(name), values: readQuery(query, name), source };
}

function split(text: string): readonly string[] {
  const at = text.indexOf('?');
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function readQuery(query: string | undefined, instance: string): Values {
  const found: Partial<Record<SettingName, Given<unknown>>> = {};
  for (const pair of (query ?? '').split('&').filter((each) => each !== '')) {
    const at = pair.indexOf('=');
    const key = decode(at < 0 ? pair : pair.slice(0, at), instance);
    const text = at < 0 ? '' : decode(pair.slice(at + 1), instance);
    const source = `The parameter ${key} of ${instance}`;
    const name = findSetting(key);
    if (name === undefined || settingOf(name).instance === undefined) throw unknown(key, instance, name);
    if (found[name]) throw new UsageError(`${source} is there twice`, 'Keep one of the two.');
    found[name] = readParameter(name, text, source);
  }
  return found as Values;
}

/** Parameters are stricter than flags: a number has no prefix, a switch is a word or nothing. */
function readParameter(name: SettingName, text: string, source: string): Given<unknown> {
  const { kind } = settingOf(name);
  if (kind === 'SWITCH') {
    const word = text.toLowerCase();
    if (['', 't', 'true'].includes(word)) return { value: true, source };
    if (['f', 'false'].includes(word)) return { value: false, source };
    throw new UsageError(`${source} is "${text}", expected true or false`, 'Use true or false.');
  }
  if ((kind === 'PORT' || kind === 'COUNT') && text !== '' && !/^\+?\d+$/.test(text)) {
    throw new UsageError(`${source} is "${text}", expected a whole number`, 'Write it with digits only.');
  }
  return readValue(kind, text, source);
}

/** Decodes as a form does, and takes nothing that is not one. */
function decode(text: string, instance: string): string {
  try {
    if (!text.includes(';')) return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    // Not percent-encoded.
  }
  throw new UsageError(
    `The parameters of ${instance} cannot be read: "${text}"`,
    'Put & between them, and write % as %25 and ; as %3B.',
  );
}

function unknown(key: string, instance: string, name: SettingName | undefined): UsageError {
  if (name !== undefined) {
    return new UsageError(`${key} is not a parameter of one instance (${instance})`, `Use --${name}, for all of them.`);
  }
  const parameters = settingNames.filter((each) => settingOf(each).instance && settingOf(each).verdict !== 'REFUSED');
  const remedy = suggest(key, parameters) ?? `There are ${parameters.join(', ')}.`;
  return new UsageError(`${instance} has the parameter "${key}", which nothing is called`, remedy);
}
