import { expect } from 'vitest';
import type { Scenario } from '../scenario.ts';

/** The connection goes over the type of address that was asked for. */
function over(ipType: 'PUBLIC' | 'PRIVATE'): Scenario {
  return {
    name: `${ipType.toLowerCase()} address`,
    async run({ cloud, login, engine }) {
      expect(await login({ ipType })).toBe(engine.iamUser);
      expect(cloud.connections.at(-1)).toMatchObject({ ipType, user: engine.iamUser });
    },
  };
}

export const publicAddress: Scenario = over('PUBLIC');
export const privateAddress: Scenario = over('PRIVATE');
