import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { setEnv } from '../cloud.ts';
import { Bench, type Subject } from './bench.ts';
import { missing, skipReason } from './capabilities.ts';
import { startCloudFor } from './clouds.ts';
import { scenarios } from './scenarios.ts';

/** Runs the suite for an adapter with a driver, on each service that has the engine. */
export function conformance(subject: Subject): void {
  const { row, engine } = subject;
  let cloud: Emulator | undefined;

  beforeAll(async () => {
    if (missing(engine)) return;
    cloud = await startCloudFor(engine);
    setEnv(cloud.env);
  });

  afterAll(() => cloud?.close());

  for (const [service, name] of Object.entries(engine.instances)) {
    describe(`${row.name} on ${service}`, () => {
      let bench: Bench;

      beforeAll(() => {
        bench = new Bench(cloud!, subject, name);
      });

      for (const scenario of scenarios) {
        it(scenario.name, async ({ skip }) => {
          const reason = missing(engine) ?? skipReason(row.name, service, scenario.name);
          if (reason !== undefined) skip(reason);
          try {
            await scenario.run(bench);
          } finally {
            await cloud?.faults.clear();
          }
          await bench.disconnected();
        });
      }
    });
  }
}
