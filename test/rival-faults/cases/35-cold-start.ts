import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { RivalCase } from '../case.ts';

export default {
  fault: '35 a cold start waits for the metadata before it asks for a certificate',
  rival: /one after the other/,
  async run({ cloud, connector, name }) {
    await cloud.api('connectSettings', { latencyMs: 4000 });
    const options = connector.getOptions(name);
    await delay(3000);
    const { generateEphemeralCert } = await cloud.calls();
    assert.equal(generateEphemeralCert, 1, 'one after the other');
    await options;
  },
} satisfies RivalCase as RivalCase;
