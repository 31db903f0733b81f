import { Connector } from '@x/cloudsql-core';
import { expect } from 'vitest';
import { until } from '../../local-client.ts';
import { whoAmI } from '../bench.ts';
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
      await using orm = await bench.open({ connector });
      // On a busy machine a certificate may be too old before it is used.
      await expect.poll(() => whoAmI(orm, engine).catch(String)).toBe(engine.iamUser);
      const first = cloud.connections.at(-1)!;
      await until(() => first.certificateExpires.getTime() < Date.now());
      expect(await whoAmI(orm, engine)).toBe(engine.iamUser);
      expect(first.state).toBe('open');

      cloud.dropConnections(instance);
      await bench.disconnected();
      await expect.poll(() => whoAmI(orm, engine).catch(String)).toBe(engine.iamUser);
      const second = cloud.connections.at(-1)!;
      expect(second.serial).not.toBe(first.serial);
      expect(second.certificateExpires.getTime()).toBeGreaterThan(second.openedAt.getTime());
    } finally {
      cloud.certificateLifetimeMs = usual;
    }
  },
};
