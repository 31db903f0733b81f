import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Emulator } from '../src/index.ts';
import type { Access } from './client.ts';
import { getAccess, getToken, query, SCOPE } from './client.ts';
import { ADA, APP, APP_USER, CLIENT_ONLY, ORDERS, STRANGER, startTestEmulator } from './setup.ts';

let cloud: Emulator;
let app: Access;
let withoutIdentity: Access;

beforeAll(async () => {
  cloud = await startTestEmulator();
  app = await getAccess(cloud, ORDERS, { email: APP });
  withoutIdentity = await getAccess(cloud, ORDERS, { email: APP, login: false });
});
afterAll(() => cloud.close());

const whoAmI = 'select current_user';
const database = 'orders';

describe('automatic IAM login', () => {
  test.each(['PRIMARY', 'PRIVATE'])('lets a service account in without a password (%s)', async (type) => {
    expect(await query(app, { user: APP_USER, database }, whoAmI, type)).toEqual([APP_USER]);
  });

  test('lets a person in under the whole e-mail', async () => {
    const ada = await getAccess(cloud, ORDERS, { email: ADA });
    expect(await query(ada, { user: ADA, database }, whoAmI)).toEqual([ADA]);
  });

  test('refuses the name of another principal', async () => {
    await expect(query(app, { user: ADA, database }, whoAmI)).rejects.toMatchObject({
      code: '28P01',
      severity: 'FATAL',
      message: `Cloud SQL IAM user authentication failed for user "${ADA}"`,
    });
    const ada = await getAccess(cloud, ORDERS, { email: ADA });
    await expect(query(ada, { user: APP_USER, database }, whoAmI)).rejects.toMatchObject({
      code: '28P01',
      message: `Cloud SQL IAM service account authentication failed for user "${APP_USER}"`,
    });
  });

  test('refuses a certificate that carries the token of another principal', async () => {
    const borrowed = await getAccess(cloud, ORDERS, { email: APP, login: ADA });
    await expect(query(borrowed, { user: APP_USER, database }, whoAmI)).rejects.toMatchObject({ code: '28P01' });
    expect(await query(borrowed, { user: ADA, database }, whoAmI)).toEqual([ADA]);
  });

  test('refuses a principal without the role cloudsql.instanceUser', async () => {
    const access = await getAccess(cloud, ORDERS, { email: CLIENT_ONLY });
    await expect(query(access, { user: 'client@demo-shop.iam', database }, whoAmI)).rejects.toMatchObject({
      code: '28P01',
      message: 'Cloud SQL IAM service account authentication failed for user "client@demo-shop.iam"',
    });
  });

  test('refuses a principal without a database user until it has one', async () => {
    const access = await getAccess(cloud, ORDERS, { email: STRANGER });
    const config = { user: 'stranger@demo-shop.iam', database };
    await expect(query(access, config, whoAmI)).rejects.toMatchObject({
      code: '28P01',
      message: 'Cloud SQL IAM service account authentication failed for user "stranger@demo-shop.iam"',
    });
    await cloud.createUser(ORDERS, { email: STRANGER });
    expect(await query(access, config, whoAmI)).toEqual(['stranger@demo-shop.iam']);
    await cloud.deleteUser(ORDERS, STRANGER);
    await expect(query(access, config, whoAmI)).rejects.toMatchObject({ code: '28P01' });
  });

  test('refuses the e-mail of a service account as a user name', async () => {
    await expect(query(app, { user: APP, database }, whoAmI)).rejects.toMatchObject({
      code: '28P01',
      message: `password authentication failed for user "${APP}"`,
    });
  });
});

describe('manual IAM login', () => {
  const config = { user: APP_USER, database };

  test.each([SCOPE.login, SCOPE.platform])('takes an access token as the password (%s)', async (scope) => {
    const password = await getToken(cloud, APP, scope);
    expect(await query(withoutIdentity, { ...config, password }, whoAmI)).toEqual([APP_USER]);
  });

  test('refuses a token without the scope, of another principal, or none at all', async () => {
    for (const password of [await getToken(cloud, APP, SCOPE.other), await getToken(cloud, ADA), 'nonsense']) {
      await expect(query(withoutIdentity, { ...config, password }, whoAmI)).rejects.toMatchObject({
        code: '28P01',
        message: `Cloud SQL IAM service account authentication failed for user "${APP_USER}"`,
      });
    }
    await expect(query(withoutIdentity, { ...config, password: () => '' }, whoAmI)).rejects.toThrow();
  });

  test('refuses the token of a principal without the role cloudsql.instanceUser', async () => {
    const password = await getToken(cloud, CLIENT_ONLY);
    const user = 'client@demo-shop.iam';
    await expect(query(withoutIdentity, { user, database, password }, whoAmI)).rejects.toMatchObject({ code: '28P01' });
  });
});

describe('password login', () => {
  test('is left to the database, with and without an identity in the certificate', async () => {
    const config = { user: 'native', password: 'secret', database };
    expect(await query(withoutIdentity, config, whoAmI)).toEqual(['native']);
    expect(await query(app, config, whoAmI)).toEqual(['native']);
    await expect(query(app, { ...config, password: 'wrong' }, whoAmI)).rejects.toMatchObject({
      code: '28P01',
      message: 'password authentication failed for user "native"',
    });
  });

  test("never opens the server's own superuser", async () => {
    const config = { user: 'cloudsqladmin', password: 'x', database };
    await expect(query(app, config, whoAmI)).rejects.toMatchObject({ code: '28P01' });
  });

  test('does not trust a member of an IAM user that is none itself', async () => {
    await cloud.createUser(ORDERS, { name: 'helper', password: 'secret', databaseRoles: [APP_USER] });
    await expect(query(app, { user: 'helper', password: 'x', database }, whoAmI)).rejects.toMatchObject({
      code: '28P01',
    });
    expect(await query(app, { user: 'helper', password: 'secret', database }, whoAmI)).toEqual(['helper']);
  });
});

test('databases belong to cloudsqlsuperuser, and the users have the roles of Cloud SQL', async () => {
  const sql = `select pg_get_userbyid(datdba) from pg_database where datname = 'orders'
    union all select string_agg(r.rolname, ',' order by r.rolname) from pg_auth_members m
      join pg_roles r on r.oid = m.roleid join pg_roles u on u.oid = m.member where u.rolname = '${APP_USER}'`;
  expect(await query(app, { user: APP_USER, database }, sql)).toEqual([
    'cloudsqlsuperuser',
    'cloudsqliamserviceaccount,cloudsqlsuperuser',
  ]);
});
