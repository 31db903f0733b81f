import assert from 'node:assert/strict';
import type { RivalCase } from '../case.ts';

export default {
  fault: '19 one configuration in two spellings is two instances',
  rival: /2 metadata calls/,
  async run({ cloud, connector, name }) {
    await connector.getOptions(name);
    await connector.getOptions({ ...name, authType: 'PASSWORD', ipType: 'PUBLIC' });
    const { connectSettings = 0 } = await cloud.calls();
    assert.equal(connectSettings, 1, `${connectSettings} metadata calls`);
  },
} satisfies RivalCase as RivalCase;
