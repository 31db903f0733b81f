import { expect } from 'vitest';
import { itemsOf } from '../bench.ts';
import type { Scenario } from '../scenario.ts';

/** Many writes at once share few connections. */
export const parallelWrites: Scenario = {
  name: '40 writes on a pool of 5',
  async run(bench) {
    await using orm = await bench.openWithTable({ max: 5 });
    bench.cloud.resetStatistics();
    const items = Array.from({ length: 40 }, (_, id) => bench.item(id));
    const opened: number[] = [];
    await Promise.all(
      items.map(async (item) => {
        await orm.insert(item);
        opened.push(bench.cloud.statistics().connections.open);
      }),
    );
    expect(await itemsOf(orm)).toEqual(items);
    // A busy machine may have written everything before the last connections are there.
    expect(Math.max(...opened)).toBeLessThanOrEqual(5);
    expect(bench.cloud.statistics().connections.total).toBeGreaterThan(1);
  },
};
