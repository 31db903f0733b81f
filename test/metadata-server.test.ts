import { Connector } from '@x/cloudsql-core';
import { pgOptions } from '@x/cloudsql-core/pg';
import type { Emulator } from '@x/cloudsql-emulator';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { setEnv, startCloud } from './cloud.ts';

const instance = 'shop:europe-west1:orders';
const account = 'runner@shop.iam.gserviceaccount.com';

let cloud: Emulator;

beforeAll(async () => {
  cloud = await startCloud({
    principals: [{ email: account }],
    instances: [{ name: instance, databases: ['orders'], users: [{ email: account }] }],
  });
  setEnv(cloud.metadataEnv(account));
});

afterAll(() => cloud.close());

it('logs in as the user that the metadata server names, on the first and on the hundredth connection', async () => {
  const connector = new Connector({ endpoints: { sqlAdmin: cloud.url } });
  try {
    cloud.resetStatistics();
    for (let i = 0; i < 100; i++) {
      const client = new pg.Client(pgOptions({ instance, database: 'orders', connector }));
      await client.connect();
      const { rows } = await client.query('select current_user as name');
      await client.end();
      expect(rows[0].name, `connection ${i + 1}`).toBe('runner@shop.iam');
    }
    const { calls, connections } = cloud.statistics();
    expect(connections.total).toBe(100);
    expect(calls).toMatchObject({ connectSettings: 1, generateEphemeralCert: 1 });
    expect(calls.metadata).toBeGreaterThan(0);
    expect(calls.metadata).toBeLessThan(10);
    // The emulator's own tokens, which core takes only under its variable, were not what did it.
    expect(calls.token).toBeUndefined();
  } finally {
    await connector.close();
  }
});

it('gives up in time when the metadata server is slow to say who logs in', async () => {
  const connector = new Connector({ endpoints: { sqlAdmin: cloud.url }, dialTimeoutMs: 1000 });
  const client = new pg.Client(pgOptions({ instance, database: 'orders', connector }));
  // The certificate is there already; only the user is still to be found out.
  await connector.warmup({ instance });
  await cloud.faults.api('metadata', { latencyMs: 1500 });
  try {
    await expect(client.connect()).rejects.toMatchObject({
      code: 'CLOUDSQL_DIAL_TIMEOUT',
      message: expect.stringContaining('Waited 1000 ms for who logs in'),
    });
  } finally {
    await cloud.faults.clear();
    // The dial was given up, the question was not: the next dial finds it answered.
    expect(await connector.databaseUser({ engine: 'POSTGRES' })).toBe('runner@shop.iam');
    await client.end();
    await connector.close();
  }
});
