import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { RivalCase } from '../case.ts';

export default {
  fault: '20 failoverPeriod: 0 does not stop polling',
  rival: /it was looked up again/,
  async run({ cloud, connector, domain, login, hurry }) {
    hurry();
    const options = await connector.getOptions({ ...domain, failoverPeriod: 0 });
    const client = await login(options);
    const before = await cloud.lookups();
    // 30 s, hurried.
    await delay(60_000 / 20);
    assert.equal(await cloud.lookups(), before, 'it was looked up again');
    await client.end();
  },
} satisfies RivalCase as RivalCase;
