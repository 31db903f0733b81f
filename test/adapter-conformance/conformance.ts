import dns from 'node:dns';
import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { setEnv } from '../cloud.ts';
import { withoutMysql } from '../mysql-cloud.ts';
import { Bench, type Subject } from './bench.ts';
import { cannot, servicesOf } from './capabilities.ts';
import { startCloudFor } from './clouds.ts';
import type { Engine } from './engines/engine.ts';
import { scenarios } from './scenarios.ts';

/** Runs the suite for an adapter with a driver, on each service that has the engine. */
export function conformance(subject: Subject): void {
  const { row, engine } = subject;
  const servers = dns.getServers();
  let cloud: Emulator | undefined;

  beforeAll(async () => {
    if (missing(engine)) return;
    cloud = await startCloudFor(engine);
    setEnv(cloud.env);
    dns.setServers([cloud.dns.server]);
  });

  afterAll(async () => {
    dns.setServers(servers);
    await cloud?.close();
  });

  for (const service of servicesOf(row.name)) {
    describe(`${row.name} on ${service}`, () => {
      let bench: Bench;

      beforeAll(() => {
        bench = new Bench(cloud!, subject, service);
      });

      for (const scenario of scenarios) {
        // A program of its own takes a while to start on a busy machine.
        it(scenario.name, { timeout: 120_000 }, async ({ skip }) => {
          const reason = missing(engine) ?? cannot[row.name][scenario.name];
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

/** Why an engine cannot run on this machine; undefined if it can. */
export function missing({ databaseVersion }: Engine): string | undefined {
  return databaseVersion?.startsWith('MYSQL') && withoutMysql ? 'neither mariadbd nor mysqld is installed' : undefined;
}
