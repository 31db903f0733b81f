import assert from 'node:assert/strict';
import type { RivalCase } from '../case.ts';

export default {
  fault: '29 an A record makes up for a type of address that the instance has not',
  rival: /Missing expected rejection/,
  async run({ cloud, connector, domain, instance, login }) {
    await cloud.records({ TXT: instance, A: await cloud.address(instance) });
    const dial = async (): Promise<unknown> => login(await connector.getOptions({ ...domain, ipType: 'PSC' }));
    await assert.rejects(dial());
  },
} satisfies RivalCase as RivalCase;
