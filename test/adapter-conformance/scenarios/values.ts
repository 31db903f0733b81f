import { expect } from 'vitest';
import { itemsOf } from '../bench.ts';
import type { ScenarioName } from '../capabilities.ts';
import type { Item } from '../row.ts';
import type { Scenario } from '../scenario.ts';

/** Values of one kind come back as they went. */
function intact<Key extends keyof Item>(name: ScenarioName, key: Key, values: readonly Item[Key][]): Scenario {
  return {
    name,
    async run(bench) {
      await using orm = await bench.openWithTable();
      const items = values.map((value, id) => bench.item(id, { [key]: value }));
      for (const item of items) await orm.insert(item);
      const read = await itemsOf(orm);
      expect(read.map((item) => item[key])).toEqual(values);
    },
  };
}

export const bytes: Scenario = intact('bytes', 'bytes', [
  Buffer.alloc(0),
  Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
  Buffer.alloc(40_000, '0123456789'),
]);

export const json: Scenario = intact('JSON', 'data', [
  { text: 'zwölf "Öre" \\ 🫖', list: [1, null, { deep: false }], number: 1.5 },
  { empty: {}, none: [] },
]);

export const bigints: Scenario = intact('bigint', 'big', [
  9_223_372_036_854_775_807n,
  -9_223_372_036_854_775_808n,
  9_007_199_254_740_993n,
]);

export const timestamps: Scenario = intact('timestamps', 'at', [
  new Date('2026-03-29T01:30:00.123Z'),
  new Date('1999-12-31T23:59:59.999Z'),
]);

export const arrays: Scenario = intact('arrays', 'tags', [[], ['plain', 'a,b', '{"c"}', '', 'NULL', 'ü\n\\']]);
