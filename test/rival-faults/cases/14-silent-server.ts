import assert from 'node:assert/strict';
import type { RivalCase } from '../case.ts';

export default {
  fault: '14 a server that stays silent is waited for without end',
  rival: /HUNG/,
  async run({ cloud, connector, name, login, hurry }) {
    const options = await connector.getOptions(name);
    await cloud.connections('SILENT_BEFORE_HANDSHAKE');
    hurry();
    await assert.rejects(login(options), /30000 ms/);
  },
} satisfies RivalCase as RivalCase;
