import { expect } from 'vitest';
import { whoAmI } from '../bench.ts';
import type { Scenario } from '../scenario.ts';

/** Connections that the server ends while nobody uses them are replaced, once the pool has noticed. */
export const idleKilled: Scenario = {
  name: 'idle connections killed',
  async run(bench) {
    await using orm = await bench.open();
    const everyone = () => Promise.all(Array.from({ length: 10 }, () => whoAmI(orm, bench.engine)));
    await everyone();
    await bench.end(() => bench.engine.killSessions(bench.cloud, bench.instance));
    await expect.poll(() => everyone().catch(String)).toEqual(Array(10).fill(bench.engine.iamUser));
  },
};

/** A query whose session ends fails; those after it work, once the pool has noticed. */
export const queryKilled: Scenario = {
  name: 'killed in a query',
  async run(bench) {
    await using orm = await bench.open();
    const failed = orm.query(bench.engine.slowQuery).catch((error: unknown) => error);
    await bench.engine.killSlowQuery(bench.cloud, bench.instance);
    expect(await failed).toMatchObject(bench.errors.killed);
    await expect.poll(() => whoAmI(orm, bench.engine).catch(String)).toBe(bench.engine.iamUser);
  },
};
