import { suggest } from '@x/cloudsql-core';
import type { CliContext } from '../../cli/context.ts';
import { UsageError } from '../../cli/usage-error.ts';
import { type NumberedNames, numbered } from './numbered-names.ts';
import { readValue } from './read-value.ts';
import type { Given } from './setting.ts';
import { findGlobalSetting, type SettingName, settingNames, settingOf, type Values } from './settings.ts';

/** What one source says. */
export interface SourceValues {
  readonly values: Values;
  readonly instances: readonly Given<string>[];
}

const prefixes = ['CSQL_PROXY_', 'ALLOYDB_PROXY_'] as const;

/** The names of instances, after the prefix. */
const instanceNames = ['INSTANCE_CONNECTION_NAME', 'INSTANCE_URI'] as const;

/** Kubernetes gives every container such variables for a service that is named like the proxy. */
const ofKubernetes = /^(SERVICE_(HOST|PORT(_.+)?)|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;

/**
 * Reads the variables of both proxies. An empty one counts as not set.
 * @throws UsageError for one that nothing is called, that has a wrong value, or that contradicts its twin
 */
export function readEnvironment(env: CliContext['env']): SourceValues {
  const found: Partial<Record<SettingName, Given<unknown>>> = {};
  const instances: Given<string>[] = [];
  for (const prefix of prefixes) {
    const names: NumberedNames = new Map();
    for (const [variable, text] of Object.entries(env)) {
      if (!variable.startsWith(prefix) || !text?.trim()) continue;
      const suffix = variable.slice(prefix.length);
      if (ofKubernetes.test(suffix) || (suffix === 'PORT' && text.startsWith('tcp://'))) continue;
      if (suffix === 'METADATA') continue;
      if (instanceNames.some((name) => suffix === name || new RegExp(`^${name}_\\d+$`).test(suffix))) {
        names.set(variable, text.trim());
        continue;
      }
      const name = nameOf(suffix);
      if (name === undefined) throw unknown(variable, prefix, suffix);
      const given = readValue(settingOf(name).kind, text, variable);
      const twin = found[name];
      if (twin && twin.value !== given.value) {
        throw new UsageError(`${twin.source} and ${variable} contradict each other`, 'Keep one of the two.');
      }
      found[name] = given;
    }
    for (const name of instanceNames) instances.push(...numbered(names, `${prefix}${name}`, '_'));
  }
  return { values: found as Values, instances };
}

/** Text that is added to the version in the user agent. */
export function userAgentMetadata(env: CliContext['env']): string | undefined {
  return prefixes.map((prefix) => env[`${prefix}METADATA`]?.trim()).find(Boolean);
}

function nameOf(suffix: string): SettingName | undefined {
  return suffix === suffix.toUpperCase() ? findGlobalSetting(suffix.toLowerCase().replaceAll('_', '-')) : undefined;
}

function unknown(variable: string, prefix: string, suffix: string): UsageError {
  const variables = settingNames
    .filter((name) => settingOf(name).instance !== 'ONLY')
    .map((name) => name.toUpperCase().replaceAll('-', '_'));
  const remedy = suggest(suffix, [...variables, ...instanceNames])?.replace('`', `\`${prefix}`);
  return new UsageError(`The variable ${variable} is none of the proxy's`, remedy ?? 'Unset it.');
}
