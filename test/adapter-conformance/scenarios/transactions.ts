import { expect } from 'vitest';
import { itemsOf } from '../bench.ts';
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
      expect(await itemsOf(orm)).toEqual([]);
    });
    expect(await itemsOf(orm)).toEqual([bench.item(1)]);
  },
};

export const rollback: Scenario = {
  name: 'rollback',
  async run(bench) {
    await using orm = await bench.openWithTable();
    const undone = orm.transaction(async (scope) => {
      await scope.insert(bench.item(1));
      expect(await itemsOf(scope)).toHaveLength(1);
      await fail();
    });
    await expect(undone).rejects.toBe(changedMyMind);
    expect(await itemsOf(orm)).toEqual([]);
  },
};

/** What fails inside of a transaction is undone, and the transaction goes on. */
export const savepoint: Scenario = {
  name: 'savepoint',
  async run(bench) {
    await using orm = await bench.openWithTable();
    await orm.transaction(async (scope) => {
      await scope.insert(bench.item(1));
      const undone = scope.transaction(async (inner) => {
        await inner.insert(bench.item(2));
        await fail();
      });
      await expect(undone).rejects.toBe(changedMyMind);
      await scope.transaction(async (inner) => void (await inner.insert(bench.item(3))));
    });
    expect(await itemsOf(orm)).toEqual([bench.item(1), bench.item(3)]);
  },
};
