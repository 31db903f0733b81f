import { Connector } from '@x/cloudsql-core';
import type { Emulator } from '@x/cloudsql-emulator';
import { expect } from 'vitest';
import { until } from '../../local-client.ts';
import { whoAmI } from '../bench.ts';
import type { Scenario } from '../scenario.ts';

const name = 'orders.shop.example';

/** When a DNS name moves to another instance, pools move there, the busy and the idle one, and neither comes back. */
export const failover: Scenario = {
  name: 'failover under load, another pool idle',
  async run(bench) {
    const { cloud, engine, instance, standby } = bench;
    cloud.dns.set(name, { ttl: 0, TXT: instance });
    await using connector = new Connector({ failoverPeriodMs: 100 });
    await using idle = await bench.open({ connector, instance: name });
    await using busy = await bench.open({ connector, instance: name });
    await whoAmI(idle, engine);
    let working = true;
    const load = Promise.all(
      Array.from({ length: 4 }, async () => {
        while (working) await whoAmI(busy, engine).catch(() => undefined);
      }),
    );
    try {
      await until(() => open(cloud, instance) >= 2);
      cloud.dns.set(name, { ttl: 0, TXT: standby });
      await until(() => open(cloud, instance) === 0 && open(cloud, standby) > 0, 15_000);
    } finally {
      working = false;
      await load;
    }
    await expect.poll(() => whoAmI(idle, engine).catch(String)).toBe(engine.iamUser);
    expect(open(cloud, instance)).toBe(0);
  },
};

/** How many connections to an instance are open. */
function open(cloud: Emulator, instance: string): number {
  return cloud.connections.filter((each) => each.instance === instance && each.closedAt === undefined).length;
}
