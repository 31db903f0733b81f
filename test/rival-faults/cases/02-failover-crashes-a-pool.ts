import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { RivalCase } from '../case.ts';

export default {
  fault: '2 a failover ends a process with an idle pool',
  rival: /Unhandled 'error' event/,
  async run({ cloud, connector, domain, instance, otherInstance }) {
    const { stream } = await connector.getOptions({ ...domain, failoverPeriod: 200 });
    const pool = new pg.Pool({ stream, database: 'orders', user: 'native', password: 'correct horse' });
    await pool.query('select 1');
    await cloud.records({ TXT: otherInstance });
    for (let i = 0; i < 50 && (await cloud.open(instance)) > 0; i++) await delay(100);
    await delay(500);
    await pool.query('select 1');
    await pool.end();
  },
} satisfies RivalCase as RivalCase;
