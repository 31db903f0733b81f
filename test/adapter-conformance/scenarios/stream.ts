import { expect } from 'vitest';
import type { Scenario } from '../scenario.ts';

/** A result that is read row by row arrives whole and in order. */
export const stream: Scenario = {
  name: 'stream of 100,000 rows',
  async run(bench) {
    await using orm = await bench.open();
    let count = 0;
    for await (const row of orm.stream!(bench.engine.manyRows)) {
      count++;
      if (Number((row as { n: unknown }).n) !== count) throw new Error(`Row ${count} is ${JSON.stringify(row)}`);
    }
    expect(count).toBe(100_000);
  },
};
