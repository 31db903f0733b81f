import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import type { RivalCase } from '../case.ts';

const rival = createRequire(import.meta.url).resolve('@google-cloud/cloud-sql-connector');

export default {
  fault: "22 the defaults of other programs' gaxios are changed, and stay so after a failure",
  rival: /deepEqual|deep-equal|same structure/i,
  async run({ cloud, connector, name }) {
    const { instance } = createRequire(rival)('gaxios') as { instance: { defaults: object } };
    const before = { ...instance.defaults };
    await cloud.api('connectSettings', { status: 403 });
    await assert.rejects(connector.getOptions(name));
    assert.deepEqual({ ...instance.defaults }, before);
  },
} satisfies RivalCase as RivalCase;
