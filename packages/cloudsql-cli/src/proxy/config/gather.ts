import type { CliContext } from '../../cli/context.ts';
import { readEnvironment, type SourceValues } from './read-environment.ts';
import { readConfigFile } from './read-file.ts';
import { readValue } from './read-value.ts';
import type { Given } from './setting.ts';
import { type SettingName, settingOf, type Values } from './settings.ts';

/** A command line, as far as it is read. */
export interface CommandLine {
  /** The text of each flag that was given. */
  readonly flags: Readonly<Partial<Record<SettingName, string>>>;
  readonly instances: readonly string[];
}

/**
 * Puts together what the command line, the environment and a file say: of each setting the first of them counts. Instances
 * come from one source only.
 * @throws UsageError
 */
export async function gather({ flags, instances }: CommandLine, env: CliContext['env']): Promise<SourceValues> {
  const given = Object.entries(flags).map(([name, text]) => {
    const { kind } = settingOf(name as SettingName);
    return [name, readValue(kind, text, `--${name}`)] as const;
  });
  const fromFlags = Object.fromEntries(given) as Values;
  const environment = readEnvironment(env);
  const file = fromFlags['config-file'] ?? environment.values['config-file'];
  const fromFile = file ? await readConfigFile(file.value, file.source) : undefined;
  const fromArguments = instances.map((value): Given<string> => ({ value, source: 'the command line' }));
  const sources = [fromArguments, environment.instances, fromFile?.instances ?? []];
  return {
    values: { ...fromFile?.values, ...environment.values, ...fromFlags },
    instances: sources.find(({ length }) => length > 0) ?? [],
  };
}
