import assert from 'node:assert/strict';
import type { RivalCase } from '../case.ts';

export default {
  fault: '9 the call after a failed one repeats the old error without trying',
  rival: /404|not exist/i,
  async run({ cloud, connector, name }) {
    await cloud.api('connectSettings', { status: [404] });
    await assert.rejects(connector.getOptions(name));
    await connector.getOptions(name);
  },
} satisfies RivalCase as RivalCase;
