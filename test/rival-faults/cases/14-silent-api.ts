import assert from 'node:assert/strict';
import type { RivalCase } from '../case.ts';

export default {
  fault: '14 an API that stays silent is waited for without end',
  rival: /HUNG/,
  async run({ cloud, connector, name, hurry }) {
    await cloud.api('connectSettings', { answer: 'NEVER' });
    hurry();
    await assert.rejects(connector.getOptions(name), / ms/);
  },
} satisfies RivalCase as RivalCase;
