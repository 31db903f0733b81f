import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Emulator } from '../src/index.ts';
import { getAccess, getToken, query } from './client.ts';
import { ADA, APP, APP_USER, CLIENT_ONLY, ORDERS, startTestEmulator } from './setup.ts';

const GROUP = 'devs@example.com';
const GRACE = 'grace@example.com';
const LOIS = 'lois@example.com';
const VIEWER = 'viewer@example.com';

let cloud: Emulator;
beforeAll(async () => {
  cloud = await startTestEmulator({
    principals: [
      { email: APP },
      { email: CLIENT_ONLY, roles: ['cloudsql.client'] },
      { email: VIEWER, roles: ['cloudsql.viewer'] },
      { email: ADA, roles: ['cloudsql.client'] },
      { email: GRACE, roles: [] },
      { email: LOIS, roles: ['cloudsql.client', 'cloudsql.instanceUser'] },
      { email: GROUP, members: [ADA, GRACE], roles: ['cloudsql.client', 'cloudsql.instanceUser'] },
    ],
    instances: [
      {
        name: ORDERS,
        databases: ['orders'],
        users: [
          { email: APP, databaseRoles: ['cloudsqlsuperuser'] },
          { group: GROUP, databaseRoles: ['pg_monitor'] },
        ],
      },
      { name: 'demo-bank:us-east1:stock', addresses: { PRIMARY: null } },
    ],
  });
});
afterAll(() => cloud.close());

interface Answer {
  readonly name: string;
  readonly items: readonly { readonly name: string }[];
  readonly error: { readonly message: string; readonly errors: readonly object[] };
}

async function call(method: string, path: string, email: string = APP, body?: object) {
  const response = await fetch(`${cloud.url}/sql/v1beta4/projects/${path}`, {
    method,
    headers: { authorization: `Bearer ${await getToken(cloud, email)}` },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { status: response.status, body: (await response.json()) as Answer };
}

describe('instances', () => {
  test('are described, and listed by project', async () => {
    const { body } = await call('GET', 'demo-shop/instances/orders');
    expect(body).toMatchObject({
      kind: 'sql#instance',
      name: 'orders',
      project: 'demo-shop',
      region: 'europe-west1',
      connectionName: ORDERS,
      state: 'RUNNABLE',
      databaseVersion: 'POSTGRES_18',
      ipAddresses: [{ type: 'PRIMARY' }, { type: 'PRIVATE' }],
      serverCaCert: { cert: expect.stringContaining('BEGIN CERTIFICATE') },
      settings: { databaseFlags: [{ name: 'cloudsql.iam_authentication', value: 'on' }] },
    });
    expect((await call('GET', 'demo-shop/instances')).body).toEqual({ kind: 'sql#instancesList', items: [body] });
    expect((await call('GET', 'demo-bank/instances')).body.items).toMatchObject([
      { name: 'stock', settings: { ipConfiguration: { ipv4Enabled: false } } },
    ]);
    expect((await call('GET', 'other/instances')).body).toEqual({ kind: 'sql#instancesList' });
  });

  test('are listed for who may, and described for who may connect', async () => {
    expect((await call('GET', 'demo-shop/instances', VIEWER)).status).toBe(200);
    expect((await call('GET', 'demo-shop/instances', CLIENT_ONLY)).body.error.message).toContain(
      'cloudsql.instances.list on resource projects/demo-shop',
    );
    expect((await call('GET', 'demo-shop/instances/orders', CLIENT_ONLY)).status).toBe(200);
    expect((await call('GET', 'demo-shop/instances/none', CLIENT_ONLY)).status).toBe(404);
  });
});

describe('users', () => {
  const users = 'demo-shop/instances/orders/users';
  const names = async () => (await call('GET', users)).body.items.map(({ name }) => name);

  test('are listed with their types, and never their passwords', async () => {
    expect((await call('GET', users, VIEWER)).body).toEqual({
      kind: 'sql#usersList',
      items: [
        expect.objectContaining({ kind: 'sql#user', name: APP_USER, type: 'CLOUD_IAM_SERVICE_ACCOUNT', host: '' }),
        expect.objectContaining({ name: GROUP, type: 'CLOUD_IAM_GROUP', instance: 'orders', project: 'demo-shop' }),
      ],
    });
    expect((await call('GET', 'demo-bank/instances/stock/users')).body).toEqual({ kind: 'sql#usersList' });
  });

  test('are created and deleted, and the operation can be asked for', async () => {
    const created = await call('POST', users, APP, { name: 'native', password: 'secret' });
    expect(created).toMatchObject({
      status: 200,
      body: { kind: 'sql#operation', status: 'DONE', operationType: 'CREATE_USER', user: APP, targetId: 'orders' },
    });
    const asked = await call('GET', `demo-shop/operations/${created.body.name}`);
    expect(asked.body).toEqual(created.body);
    const access = await getAccess(cloud, ORDERS, { email: APP, login: false });
    const config = { user: 'native', password: 'secret', database: 'orders' };
    expect(await query(access, config, 'select current_user')).toEqual(['native']);
    await call('POST', users, APP, { name: 'client@demo-shop.iam', type: 'CLOUD_IAM_SERVICE_ACCOUNT' });
    await call('POST', users, APP, { name: LOIS, type: 'CLOUD_IAM_USER' });
    expect(await names()).toEqual([APP_USER, GROUP, 'native', 'client@demo-shop.iam', LOIS]);
    for (const name of ['native', 'client@demo-shop.iam', LOIS]) {
      const { body } = await call('DELETE', `${users}?host=&name=${encodeURIComponent(name)}`);
      expect(body).toMatchObject({ status: 'DONE', operationType: 'DELETE_USER' });
    }
    expect(await names()).toEqual([APP_USER, GROUP]);
    await expect(query(access, config, 'select 1')).rejects.toMatchObject({ code: '28P01' });
  });

  test.each([
    ['somebody who may only look', VIEWER, { name: 'x', password: 'y' }, 403, 'cloudsql.users.create'],
    ['a type that does not exist', APP, { name: 'x', type: 'CLOUD_IAM_USR' }, 400, 'type: must be one of BUILT_IN'],
    ['no password', APP, { name: 'x' }, 400, 'user.password: must be a non-empty string'],
    ['no e-mail', APP, { name: 7, type: 'CLOUD_IAM_USER' }, 400, 'user.email: must be a non-empty string'],
    ['a user that exists', APP, { name: APP_USER, type: 'CLOUD_IAM_SERVICE_ACCOUNT' }, 400, 'already exists'],
  ])('are not created for %s', async (_name, email, body, status, message) => {
    const refused = await call('POST', users, email, body);
    expect(refused).toMatchObject({ status, body: { error: { message: expect.stringContaining(message) } } });
    expect(await names()).toEqual([APP_USER, GROUP]);
  });

  test('that do not exist cannot be deleted, nor can operations be asked for', async () => {
    expect((await call('DELETE', `${users}?name=nobody`)).body.error.errors).toMatchObject([
      { reason: 'userDoesNotExist' },
    ]);
    expect((await call('GET', 'demo-shop/operations/none')).status).toBe(404);
  });
});

describe('a group', () => {
  const login = async (email: string, sql: string) =>
    query(await getAccess(cloud, ORDERS, { email }), { user: email, database: 'orders' }, sql);
  const isMonitor = "select pg_has_role(current_user, 'pg_monitor', 'member')";

  test('gives its members its IAM roles, its database roles and users of their own', async () => {
    const twice = await Promise.all([login(ADA, 'select current_user'), login(ADA, 'select current_user')]);
    expect(twice).toEqual([[ADA], [ADA]]);
    expect(await login(GRACE, isMonitor)).toEqual([true]);
  });

  test('does nothing for others', async () => {
    await expect(login(LOIS, 'select 1')).rejects.toMatchObject({
      code: '28P01',
      message: `Cloud SQL IAM user authentication failed for user "${LOIS}"`,
    });
  });

  test('cannot act by itself', async () => {
    await expect(getToken(cloud, GROUP)).rejects.toThrow('no principal');
    const ada = await getAccess(cloud, ORDERS, { email: ADA });
    await expect(query(ada, { user: GROUP, database: 'orders' }, 'select 1')).rejects.toMatchObject({ code: '28P01' });
  });
});
