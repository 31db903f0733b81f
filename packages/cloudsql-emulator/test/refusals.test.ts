import { X509Certificate } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Emulator } from '../src/index.ts';
import type { Access } from './client.ts';
import { adminUrl, closing, dial, dialReady, getAccess, getToken, publicKey, query, SCOPE } from './client.ts';
import { ADA, APP, APP_USER, CLIENT_ONLY, ORDERS, STOCK, STRANGER, startTestEmulator, USER_ONLY } from './setup.ts';

// Every refusal of a real instance, each after its allowed twin: the same step, with one thing right instead of wrong.

let cloud: Emulator;
let foreign: Emulator;
let app: Access;
beforeAll(async () => {
  const users = [{ email: APP, databaseRoles: ['cloudsqlsuperuser'] }, { email: ADA }, { email: CLIENT_ONLY }];
  [cloud, foreign] = await Promise.all([
    startTestEmulator({
      instances: [
        { name: ORDERS, databases: ['orders'], users },
        { name: STOCK, users },
      ],
    }),
    startTestEmulator({ instances: [{ name: ORDERS, users }] }),
  ]);
  app = await getAccess(cloud, ORDERS, { email: APP });
});
afterAll(() => Promise.all([cloud.close(), foreign.close()]));

const database = 'orders';
const login = (access: Access, user = APP_USER, password?: string) =>
  query(access, { user, database, password }, 'select current_user');
const refusal = (kind: 'user' | 'service account', user: string) => ({
  code: '28P01',
  severity: 'FATAL',
  message: `Cloud SQL IAM ${kind} authentication failed for user "${user}"`,
});
/** What a client sees of a server that closes instead of sending an alert. */
const seen = async (access: Access) => (await closing(dial(access)))?.code ?? 'closed';

describe('of a client certificate', () => {
  test('that is missing', async () => {
    expect(await login(app)).toEqual([APP_USER]);
    expect(await seen({ ...app, cert: '', key: '' })).toBe('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED');
  });

  test('of a foreign authority', async () => {
    expect(await login(app)).toEqual([APP_USER]);
    const { cert } = await getAccess(foreign, ORDERS, { email: APP });
    expect(await seen({ ...app, cert })).toMatch(/closed|ECONNRESET/);
  });

  test('of another instance', async () => {
    const { cert } = await getAccess(cloud, STOCK, { email: APP });
    expect(await login(app)).toEqual([APP_USER]);
    expect(await seen({ ...app, cert })).toMatch(/closed|ECONNRESET/);
    expect(cloud.connections.at(-1)?.refusal).toBe(`client certificate was issued for ${STOCK}`);
  });

  test('that has expired', async () => {
    cloud.certificateLifetimeMs = 2000;
    const short = await getAccess(cloud, ORDERS, { email: APP });
    cloud.certificateLifetimeMs = 3_600_000;
    expect(await login(short)).toEqual([APP_USER]);
    await delay(new X509Certificate(short.cert).validToDate.getTime() - Date.now() + 1100);
    expect(await seen(short)).toMatch(/closed|ECONNRESET/);
    expect(cloud.statistics().connections.tlsFailures).toMatchObject({ CERT_HAS_EXPIRED: 1 });
  });

  test('that was revoked', async () => {
    const access = await getAccess(cloud, ORDERS, { email: APP });
    expect(await login(access)).toEqual([APP_USER]);
    cloud.faults.revokeCertificate(new X509Certificate(access.cert).serialNumber);
    expect(await seen(access)).toMatch(/closed|ECONNRESET/);
  });

  test('over an old TLS', async () => {
    (await dialReady(app)).destroy();
    const error = await closing(dial(app, 'PRIMARY', { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }));
    expect(error?.code).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
  });
});

describe('of a login', () => {
  test('with the token of another principal', async () => {
    const own = await getAccess(cloud, ORDERS, { email: APP, login: APP });
    const borrowed = await getAccess(cloud, ORDERS, { email: APP, login: ADA });
    expect(await login(own)).toEqual([APP_USER]);
    await expect(login(borrowed)).rejects.toMatchObject(refusal('service account', APP_USER));
    const bare = await getAccess(cloud, ORDERS, { email: APP, login: false });
    expect(await login(bare, APP_USER, await getToken(cloud, APP, SCOPE.login))).toEqual([APP_USER]);
    await expect(login(bare, APP_USER, await getToken(cloud, ADA, SCOPE.login))).rejects.toMatchObject(
      refusal('service account', APP_USER),
    );
  });

  test('without the role cloudsql.instanceUser', async () => {
    expect(await login(app)).toEqual([APP_USER]);
    const access = await getAccess(cloud, ORDERS, { email: CLIENT_ONLY });
    const user = 'client@demo-shop.iam';
    await expect(login(access, user)).rejects.toMatchObject(refusal('service account', user));
  });

  test('without a database user', async () => {
    expect(await login(app)).toEqual([APP_USER]);
    const access = await getAccess(cloud, ORDERS, { email: STRANGER });
    const user = 'stranger@demo-shop.iam';
    await expect(login(access, user)).rejects.toMatchObject(refusal('service account', user));
  });

  test('with a token of the wrong scope', async () => {
    const bare = await getAccess(cloud, ORDERS, { email: APP, login: false });
    expect(await login(bare, APP_USER, await getToken(cloud, APP, SCOPE.login))).toEqual([APP_USER]);
    await expect(login(bare, APP_USER, await getToken(cloud, APP, SCOPE.admin))).rejects.toMatchObject(
      refusal('service account', APP_USER),
    );
  });

  test('and of a query by a user without the grant', async () => {
    await query(app, { user: APP_USER, database }, 'create table secrets (id int)');
    const ada = await getAccess(cloud, ORDERS, { email: ADA });
    const read = () => query(ada, { user: ADA, database }, 'select * from secrets');
    await expect(read()).rejects.toMatchObject({ code: '42501', message: 'permission denied for table secrets' });
    await query(app, { user: APP_USER, database }, `grant select on secrets to "${ADA}"`);
    expect(await read()).toEqual([]);
  });
});

describe('of an API call', () => {
  const call = async (method: string, token: string, body?: object) => {
    const response = await fetch(adminUrl(cloud, ORDERS, method), {
      headers: { authorization: `Bearer ${token}` },
      ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
    });
    return { status: response.status, ...((await response.json()) as { error?: { message: string } }) };
  };
  const certificate = { public_key: publicKey };

  test.each([
    ['connectSettings', undefined],
    ['generateEphemeralCert', certificate],
  ])('%s with the wrong scope, or with no token that is known', async (method, body) => {
    for (const scope of [SCOPE.admin, SCOPE.platform]) {
      expect((await call(method, await getToken(cloud, APP, scope), body)).status).toBe(200);
    }
    for (const scope of [SCOPE.login, SCOPE.other]) {
      expect(await call(method, await getToken(cloud, APP, scope), body)).toMatchObject({
        status: 403,
        error: { message: 'Request had insufficient authentication scopes.' },
      });
    }
    expect((await call(method, await getToken(foreign, APP), body)).status).toBe(401);
  });

  test('without a role that holds the permission', async () => {
    expect((await call('generateEphemeralCert', await getToken(cloud, CLIENT_ONLY), certificate)).status).toBe(200);
    expect(await call('generateEphemeralCert', await getToken(cloud, USER_ONLY), certificate)).toMatchObject({
      status: 403,
      error: { message: expect.stringContaining('Possibly missing permission cloudsql.instances.connect') },
    });
  });

  test('with a login token of the wrong scope, or one that has expired', async () => {
    const token = await getToken(cloud, APP);
    const ask = (access_token: string) => call('generateEphemeralCert', token, { ...certificate, access_token });
    expect((await ask(await getToken(cloud, APP, SCOPE.login))).status).toBe(200);
    expect((await ask(await getToken(cloud, APP, SCOPE.admin))).status).toBe(400);
    cloud.tokenLifetimeMs = 1;
    const expired = await getToken(cloud, APP, SCOPE.login);
    cloud.tokenLifetimeMs = 3_600_000;
    await delay(5);
    expect((await ask(expired)).status).toBe(400);
  });
});
