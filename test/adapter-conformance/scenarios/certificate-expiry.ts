import { Connector } from '@x/cloudsql-core';
import { expect } from 'vitest';
import { until } from '../../local-client.ts';
import { type Bench, whoAmI } from '../bench.ts';
import type { Orm } from '../row.ts';
import type { Scenario } from '../scenario.ts';

/** A connection outlives the certificate that it was opened with, and the next one has a new certificate. */
export const certificateExpiry: Scenario = {
  name: 'certificate expired between queries',
  async run(bench) {
    const { cloud, engine, instance } = bench;
    const usual = cloud.certificateLifetimeMs;
    cloud.certificateLifetimeMs = 1200;
    try {
      await using connector = new Connector();
      await using orm = await openInTime(bench, connector);
      const first = cloud.connections.at(-1)!;
      await until(() => first.certificateExpires.getTime() < Date.now());
      expect(await whoAmI(orm, engine)).toBe(engine.iamUser);
      expect(first.state).toBe('open');

      await bench.end(() => cloud.dropConnections(instance));
      await expect.poll(() => whoAmI(orm, engine).catch(String)).toBe(engine.iamUser);
      const second = cloud.connections.at(-1)!;
      expect(second.serial).not.toBe(first.serial);
      expect(second.certificateExpires.getTime()).toBeGreaterThan(second.openedAt.getTime());
    } finally {
      cloud.certificateLifetimeMs = usual;
    }
  },
};

/** Opens the ORM and connects, again if the machine is so busy that the certificate is too old before it is used. */
async function openInTime(bench: Bench, connector: Connector, tries = 5): Promise<Orm & AsyncDisposable> {
  let orm: (Orm & AsyncDisposable) | undefined;
  try {
    orm = await bench.open({ connector });
    await whoAmI(orm, bench.engine);
    return orm;
  } catch (error) {
    await orm?.close();
    if (tries === 1) throw error;
    return openInTime(bench, connector, tries - 1);
  }
}
