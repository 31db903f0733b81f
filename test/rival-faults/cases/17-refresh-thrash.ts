import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { often, type RivalCase } from '../case.ts';

export default {
  fault: '17 tokens that are about to expire make it refresh without a pause',
  rival: /certificates in 3 s/,
  tokenLifetimeMs: 60_000,
  async run({ cloud, connector, name }) {
    await connector.getOptions({ ...name, ...often, authType: 'IAM' });
    await delay(3000);
    const { generateEphemeralCert = 0 } = await cloud.calls();
    assert.ok(generateEphemeralCert <= 2, `${generateEphemeralCert} certificates in 3 s`);
  },
} satisfies RivalCase as RivalCase;
