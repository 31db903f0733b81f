import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Emulator } from '../src/index.ts';
import { startEmulator } from '../src/index.ts';
import { adminUrl, getAccess, getToken, query } from './client.ts';

let cloud: Emulator;
beforeAll(async () => {
  cloud = await startEmulator({});
});
afterAll(() => cloud.close());

const user = 'app@demo-project.iam';

test('nothing is there, and one service account may do everything', () => {
  expect(cloud.defaultPrincipal).toBe('app@demo-project.iam.gserviceaccount.com');
  expect(cloud.env).toEqual({
    CLOUDSQL_EMULATOR_HOST: cloud.host,
    ALLOYDB_EMULATOR_HOST: cloud.host,
    CLOUDSQL_EMULATOR_PRINCIPAL: cloud.defaultPrincipal,
  });
});

test('an instance comes into being once, however many ask, and so does a database', async () => {
  const name = 'demo-shop:us-central1:orders';
  const email = cloud.defaultPrincipal;
  const accesses = await Promise.all([1, 2, 3].map(() => getAccess(cloud, name, { email })));
  expect(new Set(accesses.map(({ serverCa }) => serverCa)).size).toBe(1);
  const sql = 'select current_user, current_database()';
  const answers = accesses.map((access) => query(access, { user, database: 'made here' }, sql));
  expect(await Promise.all(answers)).toEqual(Array(3).fill([user, 'made here']));
  expect(await query(accesses[0]!, { user, database: 'postgres' }, 'create table t ()')).toEqual([]);
});

test('instances are made in the region that the client names', async () => {
  const headers = { authorization: `Bearer ${await getToken(cloud, cloud.defaultPrincipal)}` };
  const settings = await fetch(`${adminUrl(cloud, 'demo-shop::far', 'connectSettings')}?region=asia-east1`, {
    headers,
  });
  expect(await settings.json()).toMatchObject({ region: 'asia-east1', connectionName: 'demo-shop:asia-east1:far' });
});

test('instances of other projects, and those with impossible names, do not exist', async () => {
  const headers = { authorization: `Bearer ${await getToken(cloud, cloud.defaultPrincipal)}` };
  for (const name of ['shop::orders', 'demo-shop::-', 'demo-shop::Orders']) {
    expect((await fetch(adminUrl(cloud, name, 'connectSettings'), { headers })).status).toBe(404);
  }
  expect(() => cloud.databaseUrl('shop:us-central1:orders')).toThrow('it has demo-shop:us-central1:orders');
});

test('close waits for an instance that is on its way', async () => {
  const other = await startEmulator({});
  const headers = { authorization: `Bearer ${await getToken(other, other.defaultPrincipal)}` };
  const asked = fetch(adminUrl(other, 'demo-shop::late', 'connectSettings'), { headers }).catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await other.close();
  await asked;
});
