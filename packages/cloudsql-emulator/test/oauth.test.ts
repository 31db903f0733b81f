import { createSign, generateKeyPairSync } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Emulator } from '../src/index.ts';
import { adminUrl, getToken, SCOPE } from './client.ts';
import { ADA, APP, ORDERS, startTestEmulator } from './setup.ts';

let cloud: Emulator;
beforeAll(async () => {
  cloud = await startTestEmulator();
});
afterAll(() => cloud.close());

async function post(path: string, parameters: Record<string, string>): Promise<{ status: number; body: TokenAnswer }> {
  const response = await fetch(`${cloud.url}${path}`, { method: 'POST', body: new URLSearchParams(parameters) });
  return { status: response.status, body: (await response.json()) as TokenAnswer };
}

interface TokenAnswer {
  readonly access_token: string;
  readonly error?: string;
}

async function info(token: string): Promise<Record<string, string>> {
  const response = await fetch(`${cloud.url}/tokeninfo?access_token=${token}`);
  return (await response.json()) as Record<string, string>;
}

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

describe('token exchange', () => {
  test('turns an e-mail into a token with the scopes asked for', async () => {
    const { status, body } = await post('/v1/token', { grant_type: EXCHANGE, subject_token: ADA, scope: SCOPE.login });
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: 'Bearer', issued_token_type: expect.stringContaining('access_token') });
    expect(await info(body.access_token)).toMatchObject({ email: ADA, scope: SCOPE.login });
  });

  test('an empty subject is the default principal', async () => {
    const { body } = await post('/token', { grant_type: EXCHANGE, subject_token: '' });
    expect(await info(body.access_token)).toMatchObject({ email: APP, scope: SCOPE.platform });
  });

  test('an unknown principal and an unknown grant are refused', async () => {
    const unknown = await post('/token', { grant_type: EXCHANGE, subject_token: 'eve@example.com' });
    expect(unknown).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    const grant = await post('/token', { grant_type: 'password' });
    expect(grant).toMatchObject({ status: 400, body: { error: 'unsupported_grant_type' } });
  });
});

test('a token lives as long as tokenLifetimeMs says', async () => {
  cloud.tokenLifetimeMs = 120_000;
  const { expires_in } = await info(await getToken(cloud, APP));
  cloud.tokenLifetimeMs = 3_600_000;
  expect(Number(expires_in)).toBeGreaterThan(110);
  expect(Number(expires_in)).toBeLessThanOrEqual(120);
  expect(await info('nonsense')).toEqual({ error: 'invalid_token', error_description: 'Invalid Value' });
  expect(() => {
    cloud.tokenLifetimeMs = 0;
  }).toThrow('tokenLifetimeMs');
});

test('a refresh token is the e-mail', async () => {
  const { body } = await post('/token', { grant_type: 'refresh_token', refresh_token: ADA, client_id: 'x' });
  expect(await info(body.access_token)).toMatchObject({ email: ADA });
});

describe('service account keys', () => {
  const sign = (key: string, claims: object, keyId?: string): string => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const content = `${part({ alg: 'RS256', typ: 'JWT', kid: keyId })}.${part(claims)}`;
    return `${content}.${createSign('sha256').update(content).sign(key, 'base64url')}`;
  };
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: APP,
    aud: 'https://oauth2.googleapis.com/token',
    iat: now,
    exp: now + 3600,
    scope: SCOPE.login,
  };
  const readKey = (): { private_key: string; private_key_id: string } =>
    JSON.parse(readFileSync(cloud.serviceAccountFile(APP), 'utf8'));

  test('sign assertions that the token endpoint takes, with or without a key id', async () => {
    const { private_key, private_key_id } = readKey();
    for (const id of [private_key_id, undefined]) {
      const { body } = await post('/token', { grant_type: JWT_BEARER, assertion: sign(private_key, claims, id) });
      expect(await info(body.access_token)).toMatchObject({ email: APP, scope: SCOPE.login });
    }
    expect(statSync(cloud.serviceAccountFile(APP)).mode & 0o777).toBe(0o600);
  });

  test('sign tokens for the admin API itself', async () => {
    const { private_key, private_key_id } = readKey();
    const url = adminUrl(cloud, ORDERS, 'connectSettings');
    const call = async (own: object): Promise<number> => {
      const authorization = `Bearer ${sign(private_key, { ...claims, ...own }, private_key_id)}`;
      return (await fetch(url, { headers: { authorization } })).status;
    };
    expect(await call({ scope: SCOPE.admin })).toBe(200);
    expect(await call({ scope: SCOPE.login })).toBe(403);
    expect(await call({ scope: undefined, aud: 'https://sqladmin.googleapis.com/' })).toBe(200);
    expect(await call({ scope: undefined, aud: 'https://storage.googleapis.com/' })).toBe(401);
  });

  test('of others, expired or broken assertions are refused', async () => {
    const { private_key, private_key_id } = readKey();
    const other = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const bad = [
      sign(other.privateKey, claims, private_key_id),
      sign(private_key, { ...claims, iss: ADA }, private_key_id),
      sign(private_key, { ...claims, exp: now - 10 }, private_key_id),
      sign(private_key, { ...claims, exp: now + 90_000 }, private_key_id),
      'a.b.c',
      '',
    ];
    for (const assertion of bad) {
      expect(await post('/token', { grant_type: JWT_BEARER, assertion })).toMatchObject({
        status: 400,
        body: { error: 'invalid_grant' },
      });
    }
  });

  test('are for service accounts that exist', () => {
    expect(() => cloud.serviceAccountFile(ADA)).toThrow('only service accounts');
    expect(() => cloud.credentialsFile('eve@example.com')).toThrow("no principal 'eve@example.com'");
  });
});

test('an external account file leads to the emulator', async () => {
  const file = JSON.parse(readFileSync(cloud.credentialsFile(ADA), 'utf8'));
  expect(file).toMatchObject({ type: 'external_account', token_url: `${cloud.url}/v1/token` });
  expect(readFileSync(file.credential_source.file, 'utf8')).toBe(ADA);
  expect(cloud.googleEnv(ADA)).toEqual({
    GOOGLE_APPLICATION_CREDENTIALS: cloud.credentialsFile(ADA),
    GOOGLE_CLOUD_PROJECT: 'demo-shop',
    CLOUDSDK_CONFIG: expect.any(String),
  });
});

describe('metadata server', () => {
  const get = async (path: string, flavor = 'Google'): Promise<Response> =>
    await fetch(`${cloud.url}/computeMetadata/v1/${path}`, { headers: { 'metadata-flavor': flavor } });

  test('speaks for the principal of metadataEnv', async () => {
    expect(cloud.metadataEnv(ADA)).toMatchObject({ GCE_METADATA_HOST: cloud.host, GOOGLE_CLOUD_PROJECT: 'demo-shop' });
    const email = await get('instance/service-accounts/default/email');
    expect(email.headers.get('metadata-flavor')).toBe('Google');
    expect(await email.text()).toBe(ADA);
    cloud.metadataEnv(APP);
    const token = await get(`instance/service-accounts/default/token?scopes=${SCOPE.login}`);
    const { access_token } = (await token.json()) as TokenAnswer;
    expect(await info(access_token)).toMatchObject({ email: APP, scope: SCOPE.login });
  });

  test('describes project, account and universe', async () => {
    expect(await (await get('project/project-id')).text()).toBe('demo-shop');
    expect(await (await get('universe/universe-domain')).text()).toBe('googleapis.com');
    expect(await (await get('instance/service-accounts/default/?recursive=true')).json()).toMatchObject({
      email: APP,
      aliases: ['default'],
      scopes: [SCOPE.platform],
    });
    expect((await get('instance/unheard-of')).status).toBe(404);
    expect((await get('instance%zz')).status).toBe(400);
  });

  test('insists on its header', async () => {
    expect((await get('project/project-id', 'none')).status).toBe(403);
  });
});
