import assert from 'node:assert/strict';
import type { RivalCase } from '../case.ts';

export default {
  fault: '13 close() is not terminal: sockets and refreshes go on',
  rival: /Missing expected rejection/,
  async run({ connector, name, login }) {
    const options = await connector.getOptions(name);
    connector.close();
    await assert.rejects(login(options));
    await assert.rejects(connector.getOptions(name));
  },
} satisfies RivalCase as RivalCase;
