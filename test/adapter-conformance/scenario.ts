import type { Bench } from './bench.ts';
import type { ScenarioName } from './capabilities.ts';

/** Something that every adapter has to get right. It throws if the adapter does not. */
export interface Scenario {
  readonly name: ScenarioName;
  run(bench: Bench): Promise<void>;
}
