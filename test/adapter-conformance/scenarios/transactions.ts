import { expect } from 'vitest';
import type { Scope } from '../row.ts';
import type { Scenario } from '../scenario.ts';

const changedMyMind = new Error('changed my mind');

async function fail(): Promise<never> {
  throw changedMyMind;
}

export const commit: Scenario = {
  name: 'commit',
  async run(bench) {
    await using orm = await bench.openWithTable();
    await orm.transaction(async (scope) => {
      await scope.insert(bench.item(1));
      expect(await orm.find()).toEqual([]);
    });
    expect(await orm.find()).toEqual([bench.item(1)]);
  },
};

export const rollback: Scenario = {
  name: 'rollback',
  async run(bench) {
    await using orm = await bench.openWithTable();
    const undone = orm.transaction(async (scope) => {
      await scope.insert(bench.item(1));
      expect(await scope.find()).toHaveLength(1);
      await fail();
    });
    await expect(undone).rejects.toBe(changedMyMind);
    expect(await orm.find()).toEqual([]);
  },
};

/** What fails inside of a transaction is undone, and the transaction goes on. */
export const savepoint: Scenario = {
  name: 'savepoint',
  async run(bench) {
    await using orm = await bench.openWithTable();
    const inside = (scope: Scope, work: (scope: Scope) => Promise<void>): Promise<void> => scope.transaction!(work);
    await orm.transaction(async (scope) => {
      await scope.insert(bench.item(1));
      const undone = inside(scope, async (inner) => {
        await inner.insert(bench.item(2));
        await fail();
      });
      await expect(undone).rejects.toBe(changedMyMind);
      await inside(scope, async (inner) => void (await inner.insert(bench.item(3))));
    });
    expect(await orm.find()).toEqual([bench.item(1), bench.item(3)]);
  },
};
