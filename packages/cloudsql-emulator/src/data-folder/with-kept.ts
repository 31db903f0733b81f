import { resolveEngineVersion } from '../engine-version.ts';
import { parseInstanceName } from '../instance-name.ts';
import { invalid } from '../option-checks.ts';
import type { ResolvedInstance } from '../resolve-options.ts';
import { rulesOf } from '../service-rules.ts';
import type { StoredInstance } from './stored-state.ts';

/** Adds to the instances of the options what is kept of them, and those that are kept only. */
export function withKept(
  listed: readonly ResolvedInstance[],
  kept: readonly StoredInstance[],
): readonly ResolvedInstance[] {
  const others = kept.filter(({ name }) => !listed.some((each) => each.name.connectionName === name));
  return [
    ...listed.map((instance) => {
      const stored = kept.find(({ name }) => name === instance.name.connectionName);
      return stored ? addKept(instance, stored) : instance;
    }),
    ...others.map((stored) => addKept(bare(stored), stored)),
  ];
}

function addKept(instance: ResolvedInstance, { databaseVersion, databases, users }: StoredInstance): ResolvedInstance {
  if (resolveEngineVersion(databaseVersion, 'emulator.json').name !== instance.engine.name) {
    invalid(instance.name.connectionName, `has data of ${databaseVersion}`, instance.engine.version);
  }
  const isListed = (name: string): boolean => instance.users.some((user) => user.name === name);
  return {
    ...instance,
    databases: [...new Set([...instance.databases, ...databases])],
    users: [...instance.users, ...users.filter(({ name }) => !isListed(name))],
  };
}

function bare(stored: StoredInstance): ResolvedInstance {
  const name = parseInstanceName(stored.name) ?? invalid('emulator.json', 'names an instance wrongly', stored.name);
  const engine = resolveEngineVersion(stored.databaseVersion, 'emulator.json');
  const rules = rulesOf(name.service, engine.name);
  return { name, engine, rules, databases: [], users: [], addresses: { PRIMARY: undefined, PRIVATE: undefined } };
}
