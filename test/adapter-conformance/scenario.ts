import type { Bench } from './bench.ts';

/** Something that every adapter has to get right. It throws if the adapter does not. */
export interface Scenario {
  readonly name: string;
  run(bench: Bench): Promise<void>;
}
