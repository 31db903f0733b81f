import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Emulator } from '../src/index.ts';
import { startEmulator } from '../src/index.ts';
import { getToken, SCOPE } from './client.ts';
import { ADA, APP, ORDERS, STRANGER } from './setup.ts';

const MIDDLE = 'middle@demo-shop.iam.gserviceaccount.com';

let cloud: Emulator;
beforeAll(async () => {
  cloud = await startEmulator({
    principals: [
      { email: ADA },
      { email: APP, tokenCreators: [MIDDLE] },
      { email: MIDDLE, tokenCreators: [ADA] },
      { email: STRANGER, tokenCreators: [ADA] },
    ],
    instances: [{ name: ORDERS }],
  });
});
afterAll(() => cloud.close());

interface Answer {
  readonly status: number;
  readonly body: { accessToken?: string; expireTime?: string; error?: { status: string } };
}

async function generate(target: string, body: object, options: { as?: string; scope?: string } = {}): Promise<Answer> {
  const token = await getToken(cloud, options.as ?? ADA, options.scope);
  const response = await fetch(`${cloud.url}/v1/projects/-/serviceAccounts/${target}:generateAccessToken`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

async function info(token = ''): Promise<Record<string, string>> {
  const response = await fetch(`${cloud.url}/tokeninfo?access_token=${token}`);
  return (await response.json()) as Record<string, string>;
}

const delegates = [`projects/-/serviceAccounts/${MIDDLE}`];
const scope = [SCOPE.login];

describe('generateAccessToken', () => {
  test('gives a token of the service account, with the scopes and the life asked for', async () => {
    const { status, body } = await generate(STRANGER, { scope, lifetime: '120s' });
    expect(status).toBe(200);
    expect(await info(body.accessToken)).toMatchObject({ email: STRANGER, scope: SCOPE.login });
    expect(Date.parse(body.expireTime!) - Date.now()).toBeLessThanOrEqual(120_000);
  });

  test('goes through delegates, each of which may act as the next', async () => {
    expect(await info((await generate(APP, { scope, delegates })).body.accessToken)).toMatchObject({ email: APP });
    expect(await generate(APP, { scope })).toMatchObject({
      status: 403,
      body: { error: { status: 'PERMISSION_DENIED' } },
    });
    expect((await generate(APP, { scope, delegates }, { as: STRANGER })).status).toBe(403);
    expect((await generate('eve@example.com', { scope })).status).toBe(403);
  });

  test('takes a token that is good for it', async () => {
    expect((await generate(STRANGER, { scope }, { scope: SCOPE.login })).status).toBe(403);
    expect((await generate(STRANGER, { scope }, { scope: 'https://www.googleapis.com/auth/iam' })).status).toBe(200);
    const unknown = await fetch(`${cloud.url}/v1/projects/-/serviceAccounts/${APP}:generateAccessToken`, {
      method: 'POST',
    });
    expect(unknown.status).toBe(401);
  });

  test.each([
    ['no scope', {}],
    ['an empty scope', { scope: [] }],
    ['a scope that is a text', { scope: SCOPE.login }],
    ['a life without a unit', { scope, lifetime: '60' }],
    ['a life of days', { scope, lifetime: '90000s' }],
    ['a delegate by its e-mail alone', { scope, delegates: [MIDDLE] }],
  ])('refuses %s', async (_, body) => {
    expect((await generate(STRANGER, body)).status).toBe(400);
  });
});

describe('refresh tokens', () => {
  async function refresh(parameters: Record<string, string>): Promise<Record<string, string>> {
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: ADA, ...parameters });
    return (await (await fetch(`${cloud.url}/token`, { method: 'POST', body })).json()) as Record<string, string>;
  }

  test('stand for all that the user consented to, and can be narrowed within that', async () => {
    expect((await refresh({})).scope?.split(' ')).toEqual(expect.arrayContaining([SCOPE.platform, SCOPE.login]));
    expect(await refresh({ scope: SCOPE.login })).toMatchObject({ scope: SCOPE.login });
    expect(await refresh({ scope: SCOPE.admin })).toMatchObject({ error: 'invalid_scope' });
  });
});

describe('credentials files', () => {
  const read = (file: string): Record<string, unknown> => JSON.parse(readFileSync(file, 'utf8'));

  test('of a user and of an impersonation name the emulator or Google', () => {
    expect(read(cloud.authorizedUserFile(ADA))).toMatchObject({ token_uri: `${cloud.url}/token`, refresh_token: ADA });
    expect(read(cloud.authorizedUserFile(ADA, { endpoints: 'GOOGLE' }))).not.toHaveProperty('token_uri');
    const options = { target: APP, delegates: [MIDDLE], endpoints: 'GOOGLE' } as const;
    expect(read(cloud.impersonatedFile(ADA, options))).toMatchObject({
      service_account_impersonation_url: expect.stringMatching(/^https:\/\/iamcredentials\.googleapis\.com\/v1\//),
      delegates: [MIDDLE],
      source_credentials: { type: 'authorized_user' },
    });
    expect(read(cloud.serviceAccountFile(APP))).toMatchObject({ token_uri: `${cloud.url}/token` });
  });

  test('that were written before stay as they are', () => {
    const plain = cloud.credentialsFile(ADA);
    const content = readFileSync(plain, 'utf8');
    expect(cloud.credentialsFile(ADA, { source: 'URL' })).not.toBe(plain);
    expect(cloud.credentialsFile(ADA, { endpoints: 'GOOGLE' })).not.toBe(plain);
    expect(cloud.credentialsFile(ADA)).toBe(plain);
    expect(readFileSync(plain, 'utf8')).toBe(content);
  });

  test('can get their subject token by URL', async () => {
    const { credential_source } = read(cloud.credentialsFile(ADA, { source: 'URL' })) as {
      credential_source: { url: string; headers: Record<string, string> };
    };
    const { url, headers } = credential_source;
    expect(await (await fetch(url, { headers })).json()).toMatchObject({ access_token: ADA });
    expect((await fetch(url)).status).toBe(400);
    expect((await fetch(url.replace('ada', 'eve'), { headers })).status).toBe(404);
  });

  test.each([
    ['an unknown source', () => cloud.credentialsFile(ADA, { source: 'CERTIFICATE' as never })],
    ['unknown endpoints', () => cloud.authorizedUserFile(ADA, { endpoints: 'google' as never })],
    ['an unknown option', () => cloud.serviceAccountFile(APP, { direct: true } as never)],
  ])('refuse %s', (_, write) => {
    expect(write).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  });

  test('refuse a target that does not exist', () => {
    expect(() => cloud.impersonatedFile(ADA, { target: 'eve@example.com' })).toThrow("no principal 'eve@example.com'");
  });
});

test('tokenCreators is for service accounts', async () => {
  const principals = [{ email: ADA, tokenCreators: [APP] }];
  await expect(startEmulator({ principals, instances: [{ name: ORDERS }] })).rejects.toThrow('service accounts only');
});
