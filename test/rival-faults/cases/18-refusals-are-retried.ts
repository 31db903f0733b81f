import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { often, type RivalCase } from '../case.ts';

export default {
  fault: '18 refusals are retried for ever at the same rate',
  rival: /calls in 5 s/,
  certificateLifetimeMs: 6000,
  async run({ cloud, connector, name, login }) {
    const client = await login(await connector.getOptions({ ...name, ...often }));
    await cloud.api('connectSettings', { status: 403 });
    const { connectSettings: before = 0 } = await cloud.calls();
    await delay(5000);
    const { connectSettings: after = 0 } = await cloud.calls();
    assert.ok(after - before <= 5, `${after - before} calls in 5 s`);
    await client.end();
  },
} satisfies RivalCase as RivalCase;
