import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Emulator } from '../src/index.ts';
import { adminUrl, getToken, publicKey, SCOPE } from './client.ts';
import { ADA, APP, CLIENT_ONLY, NOBODY, ORDERS, startTestEmulator, USER_ONLY } from './setup.ts';

let cloud: Emulator;
beforeAll(async () => {
  cloud = await startTestEmulator({
    instances: [{ name: ORDERS }, { name: 'example.com:demo:us-east1:scoped', addresses: { PRIMARY: null } }],
  });
});
afterAll(() => cloud.close());

interface Answer {
  readonly status: number;
  readonly body: { error?: { code: number; message: string; errors: { reason: string }[]; status: string } };
}

async function call(url: string, token: string | undefined, body?: string | object): Promise<Answer> {
  const response = await fetch(url, {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

const settingsUrl = (): string => adminUrl(cloud, ORDERS, 'connectSettings');
const certUrl = (): string => adminUrl(cloud, ORDERS, 'generateEphemeralCert');

describe('connectSettings', () => {
  test('describes the instance', async () => {
    const { status, body } = await call(`${settingsUrl()}?alt=json&prettyPrint=false`, await getToken(cloud, APP));
    expect(status).toBe(200);
    expect(body).toMatchObject({
      kind: 'sql#connectSettings',
      region: 'europe-west1',
      backendType: 'SECOND_GEN',
      databaseVersion: 'POSTGRES_18',
      serverCaMode: 'GOOGLE_MANAGED_INTERNAL_CA',
      pscEnabled: false,
      connectionName: ORDERS,
      ipAddresses: [{ type: 'PRIMARY' }, { type: 'PRIVATE' }],
      serverCaCert: {
        kind: 'sql#sslCert',
        cert: expect.stringContaining('BEGIN CERTIFICATE'),
        expirationTime: expect.any(String),
      },
    });
  });

  test('has an alias under v1 and decodes path segments', async () => {
    const token = await getToken(cloud, APP, SCOPE.admin);
    for (const prefix of ['/sql/v1beta4', '/sql/v1', '/v1']) {
      const path = `${prefix}/projects/demo%2Dshop/instances/orders/connectSettings`;
      expect((await call(`${cloud.url}${path}`, token)).status).toBe(200);
    }
  });

  test('knows domain-scoped projects, and an instance may lack an address', async () => {
    const token = await getToken(cloud, APP);
    for (const project of ['example.com:demo', 'example.com%3Ademo']) {
      const url = `${cloud.url}/sql/v1beta4/projects/${project}/instances/scoped/connectSettings`;
      expect(await call(url, token)).toMatchObject({ status: 200, body: { ipAddresses: [{ type: 'PRIVATE' }] } });
    }
  });

  test('refuses a call without a token, with a bad one, and with an expired one', async () => {
    const missing = await call(settingsUrl(), undefined);
    expect(missing.status).toBe(401);
    expect(missing.body.error).toMatchObject({
      code: 401,
      status: 'UNAUTHENTICATED',
      errors: [{ reason: 'required' }],
    });
    const bad = await call(settingsUrl(), 'ya29.bad');
    expect(bad.body.error).toMatchObject({ code: 401, status: 'UNAUTHENTICATED', errors: [{ reason: 'authError' }] });
    cloud.tokenLifetimeMs = 30;
    const expiring = await getToken(cloud, APP);
    cloud.tokenLifetimeMs = 3_600_000;
    await delay(60);
    expect((await call(settingsUrl(), expiring)).status).toBe(401);
  });

  test('refuses a token without the scope', async () => {
    const { status, body } = await call(settingsUrl(), await getToken(cloud, APP, SCOPE.login));
    expect(status).toBe(403);
    expect(body.error?.message).toBe('Request had insufficient authentication scopes.');
  });

  test('refuses a principal without a role that has the permission, also for instances that do not exist', async () => {
    const token = await getToken(cloud, NOBODY);
    const { status, body } = await call(settingsUrl(), token);
    expect(status).toBe(403);
    expect(body.error).toMatchObject({ status: 'PERMISSION_DENIED', errors: [{ reason: 'forbidden' }] });
    expect(body.error?.message).toContain('cloudsql.instances.get on resource instances/orders');
    expect((await call(settingsUrl().replace('orders', 'nothing'), token)).status).toBe(403);
    // As at Google, both roles have this one.
    for (const allowed of [CLIENT_ONLY, USER_ONLY]) {
      expect((await call(settingsUrl(), await getToken(cloud, allowed))).status).toBe(200);
    }
  });

  test('does not know other instances', async () => {
    const { status, body } = await call(settingsUrl().replace('orders', 'nothing'), await getToken(cloud, APP));
    expect(status).toBe(404);
    expect(body.error).toMatchObject({
      message: 'The Cloud SQL instance does not exist.',
      errors: [{ reason: 'instanceDoesNotExist' }],
      status: 'NOT_FOUND',
    });
  });
});

describe('generateEphemeralCert', () => {
  test('issues a certificate', async () => {
    const token = await getToken(cloud, APP);
    const { status, body } = await call(certUrl(), token, { public_key: publicKey });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ephemeralCert: { kind: 'sql#sslCert', cert: expect.stringContaining('BEGIN'), instance: 'orders' },
    });
  });

  test('refuses a principal that may log in, but not connect', async () => {
    const { status, body } = await call(certUrl(), await getToken(cloud, USER_ONLY), { public_key: publicKey });
    expect(status).toBe(403);
    expect(body.error?.message).toContain('cloudsql.instances.connect on resource instances/orders');
    expect((await call(certUrl(), await getToken(cloud, CLIENT_ONLY), { public_key: publicKey })).status).toBe(200);
  });

  test('refuses an access token that is unknown or lacks the scope', async () => {
    const token = await getToken(cloud, APP);
    for (const access_token of ['nonsense', await getToken(cloud, ADA, SCOPE.admin)]) {
      const { status, body } = await call(certUrl(), token, { public_key: publicKey, access_token });
      expect(status).toBe(400);
      expect(body.error).toMatchObject({ status: 'INVALID_ARGUMENT', errors: [{ reason: 'invalid' }] });
    }
    for (const scope of [SCOPE.login, SCOPE.platform]) {
      const access_token = await getToken(cloud, APP, scope);
      expect((await call(certUrl(), token, { public_key: publicKey, access_token })).status).toBe(200);
    }
  });

  test('refuses bodies it cannot use', async () => {
    const token = await getToken(cloud, APP);
    for (const body of ['', '{', '[]', '"x"', 'null', { public_key: 7 }, {}, { public_key: 'no key' }]) {
      expect((await call(certUrl(), token, body)).status).toBe(400);
    }
    expect((await call(certUrl(), token, 'x'.repeat(300_000))).status).toBe(413);
  });

  test('takes a body that is compressed, as clients in Java send it', async () => {
    const authorization = `Bearer ${await getToken(cloud, APP)}`;
    const post = async (body: Buffer): Promise<number> => {
      const headers = { authorization, 'content-encoding': 'gzip' };
      return (await fetch(certUrl(), { method: 'POST', headers, body: new Uint8Array(body) })).status;
    };
    const body = gzipSync(JSON.stringify({ public_key: publicKey }));
    expect(await post(body)).toBe(200);
    expect(await post(body.subarray(0, -20))).toBe(400);
    expect(await post(Buffer.from('{}'))).toBe(400);
    expect(await post(gzipSync('x'.repeat(300_000)))).toBe(413);
  });
});

test('answers unknown methods and broken paths with an error', async () => {
  expect((await call(`${cloud.url}/sql/v1beta4/projects/demo-shop/flags`, undefined)).status).toBe(404);
  expect((await call(`${cloud.url}/sql/v1beta4/projects/%zz/instances/orders/connectSettings`, 'x')).status).toBe(400);
});
