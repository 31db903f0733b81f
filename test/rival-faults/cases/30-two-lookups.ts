import assert from 'node:assert/strict';
import type { RivalCase } from '../case.ts';

export default {
  fault: '30 a domain name costs two look-ups and more',
  rival: /\d look-ups/,
  async run({ cloud, connector, domain }) {
    await connector.getOptions(domain);
    const lookups = await cloud.lookups();
    assert.equal(lookups, 1, `${lookups} look-ups`);
  },
} satisfies RivalCase as RivalCase;
