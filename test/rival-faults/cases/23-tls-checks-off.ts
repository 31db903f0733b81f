import assert from 'node:assert/strict';
import type { RivalCase } from '../case.ts';

export default {
  fault: '23 NODE_TLS_REJECT_UNAUTHORIZED=0 makes it take any server for the instance',
  rival: /Missing expected rejection/,
  env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
  async run({ cloud, connector, name, login }) {
    const options = await connector.getOptions(name);
    await cloud.server({ commonName: 'shop:other' });
    await assert.rejects(login(options), /shop:other/);
  },
} satisfies RivalCase as RivalCase;
