import { Connector } from '@x/cloudsql-core';
import { expect } from 'vitest';
import { whoAmI } from '../bench.ts';
import type { Scenario } from '../scenario.ts';
import { StuckConnector } from '../stuck-connector.ts';

/** Where nobody listens, the ORM says so in its own way, and works when somebody does. */
export const refused: Scenario = {
  name: 'refused at connect',
  async run({ cloud, instance, engine, errors, login, failure }) {
    await cloud.faults.connections(instance, 'REFUSED');
    const error = await failure();
    await cloud.faults.connections(instance, undefined);
    expect(error).toMatchObject(errors.refused);
    expect(await login()).toBe(engine.iamUser);
  },
};

/** A dial may take its time, up to a limit that the error tells. */
export const slowDial: Scenario = {
  name: 'slow dial',
  async run({ cloud, instance, engine, errors, login, failure }) {
    await using patient = new Connector();
    cloud.faults.api('*', { latencyMs: 300 });
    expect(await login({ connector: patient })).toBe(engine.iamUser);
    cloud.faults.api('*', undefined);
    await using hasty = new Connector({ dialTimeoutMs: 400 });
    // Only the dial is to be late.
    await hasty.warmup({ instance, timeoutMs: 20_000 });
    await cloud.faults.connections(instance, 'SILENT_BEFORE_HANDSHAKE');
    const error = await failure({ connector: hasty });
    await cloud.faults.connections(instance, undefined);
    expect(error).toMatchObject(errors.late);
  },
};

/** Closing the ORM gives up what it is still dialling. */
export const closedDuringDial: Scenario = {
  name: 'closed during a dial',
  async run(bench) {
    await using connector = new StuckConnector();
    await using orm = await bench.open({ connector });
    await whoAmI(orm, bench.engine);
    const asked = await connector.meet(() => whoAmI(orm, bench.engine));
    await orm.close();
    expect(connector.dials.map(({ aborted }) => aborted)).not.toContain(false);
    for (const outcome of await Promise.all(asked)) {
      expect(outcome === bench.engine.iamUser || outcome instanceof Error).toBe(true);
    }
    await bench.disconnected();
  },
};
