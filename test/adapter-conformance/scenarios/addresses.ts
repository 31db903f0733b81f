import { expect } from 'vitest';
import type { ScenarioName } from '../capabilities.ts';
import type { Scenario } from '../scenario.ts';

/** The connection goes over the type of address that was asked for. */
function over(name: ScenarioName, ipType: 'PUBLIC' | 'PRIVATE' | 'PSC'): Scenario {
  return {
    name,
    async run({ cloud, login, engine }) {
      const before = cloud.connections.length;
      expect(await login({ ipType })).toBe(engine.iamUser);
      const made = cloud.connections.slice(before);
      expect(made).toContainEqual(expect.objectContaining({ ipType, user: engine.iamUser }));
      expect(new Set(made.map((connection) => connection.ipType))).toEqual(new Set([ipType]));
    },
  };
}

export const publicAddress: Scenario = over('public address', 'PUBLIC');
export const privateAddress: Scenario = over('private address', 'PRIVATE');
export const psc: Scenario = over('Private Service Connect', 'PSC');
