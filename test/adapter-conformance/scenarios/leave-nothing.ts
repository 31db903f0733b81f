import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';
import { start } from '../../child.ts';
import type { Left } from '../../programs/use-once.ts';
import type { Scenario } from '../scenario.ts';

const lifeMs = 2000;

/**
 * A program that has closed its ORM has no socket any more, and after one life of a certificate no timer; the API hears
 * nothing of it from then on. It ends by itself.
 */
export const leaveNothing: Scenario = {
  name: 'nothing left behind',
  async run({ cloud, engine, instance, row }) {
    const usual = cloud.certificateLifetimeMs;
    cloud.certificateLifetimeMs = lifeMs;
    const request = { row: row.name, instance, whoAmI: engine.whoAmI, lifeMs };
    const child = start('use-once.ts', [JSON.stringify(request)], {
      env: { ...process.env, NODE_NO_WARNINGS: '1' },
      timeout: 100_000,
    });
    try {
      let problem = '';
      child.stderr?.on('data', (chunk) => (problem += chunk));
      const exit = once(child, 'exit');
      const said: Left[] = [];
      let asleep: unknown;
      for await (const line of createInterface({ input: child.stdout! })) {
        // Knex writes warnings to the same place.
        if (!line.startsWith('{')) continue;
        said.push(JSON.parse(line) as Left);
        asleep = cloud.statistics().calls;
      }
      const [code] = (await exit) as [number | null];
      expect({ code, problem }).toEqual({ code: 0, problem: '' });
      expect(said).toEqual([
        { user: engine.iamUser, sockets: [] },
        { timers: [], sockets: [] },
      ]);
      expect(cloud.statistics().calls).toEqual(asleep);
    } finally {
      child.kill();
      cloud.certificateLifetimeMs = usual;
    }
  },
};
