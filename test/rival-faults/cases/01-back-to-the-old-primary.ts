import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { RivalCase } from '../case.ts';

export default {
  fault: '1 a failover sends pools back to the old primary',
  rival: /went back to the old primary/,
  async run({ cloud, connector, domain, instance, otherInstance }) {
    const { stream } = await connector.getOptions({ ...domain, failoverPeriod: 200 });
    const pool = new pg.Pool({ stream, database: 'orders', user: 'native', password: 'correct horse' });
    pool.on('error', () => {});
    await pool.query('select 1');
    await cloud.records({ TXT: otherInstance });
    for (let i = 0; i < 50 && (await cloud.open(instance)) > 0; i++) await delay(100);
    await pool.query('select 1');
    assert.equal(await cloud.open(instance), 0, 'went back to the old primary');
    await pool.end();
  },
} satisfies RivalCase as RivalCase;
