import { expect } from 'vitest';
import { itemsOf } from '../bench.ts';
import type { Scenario } from '../scenario.ts';

/** The ORM creates its table. */
export const schema: Scenario = {
  name: 'schema',
  async run(bench) {
    await using orm = await bench.openWithTable();
    expect(await itemsOf(orm)).toEqual([]);
    const sql = "select column_name as name from information_schema.columns where table_name = 'items'";
    const columns = (await bench.engine.administer(bench.cloud, bench.instance, sql)).map(({ name }) => name);
    expect(columns).toEqual(expect.arrayContaining(Object.keys(bench.item(1))));
  },
};
