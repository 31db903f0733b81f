import { generateKeyPairSync, verify } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { alloyDbScopes, cloudSqlScopes } from '../src/credentials/credentials.ts';
import { databaseUserName } from '../src/credentials/database-user.ts';
import { createCredentials } from '../src/credentials/sources.ts';

/** A Google that gives a token to everyone and remembers what it was asked. */
let server: http.Server;
let url: string;
let asked: { path: string; headers: http.IncomingHttpHeaders; body: string }[];

beforeAll(async () => {
  server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (data) => {
      body += String(data);
    });
    request.on('end', () => {
      asked.push({ path: request.url!, headers: request.headers, body });
      const expireTime = new Date(Date.now() + 3_600_000).toISOString();
      response.end(JSON.stringify({ access_token: 'token', expires_in: 3600, accessToken: 'token', expireTime }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  asked = [];
});

const keys = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const serviceAccount = { type: 'service_account', client_email: 'app@shop.iam', private_key: keys.privateKey };
const user = { type: 'authorized_user', client_id: 'id', client_secret: 'secret', refresh_token: 'refresh' };

it('a service account of another universe signs its tokens itself', async () => {
  const json = { ...serviceAccount, universe_domain: 'apis-tpc.goog' };
  const credentials = createCredentials({ credentials: { json }, universeDomain: 'apis-tpc.goog' }, cloudSqlScopes, {});
  const { token, expiresAt } = await credentials.loginToken();
  const [header, claims, signature] = token.split('.') as [string, string, string];
  const signed = Buffer.from(`${header}.${claims}`);
  expect(verify('sha256', signed, keys.publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
  expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
    iss: 'app@shop.iam',
    scope: 'https://www.googleapis.com/auth/sqlservice.login',
    exp: expiresAt! / 1000,
  });
  expect(asked).toEqual([]);
});

it('the quota project is that of the option, the environment, the file, in this order', async () => {
  const json = { ...user, quota_project_id: 'file' };
  const env = { GOOGLE_CLOUD_QUOTA_PROJECT: 'environment' };
  const quota = (quotaProject: string | undefined, env_: NodeJS.ProcessEnv): Promise<string | undefined> =>
    createCredentials({ credentials: { json }, quotaProject }, cloudSqlScopes, env_).quotaProject();
  expect(await quota('option', env)).toBe('option');
  expect(await quota(undefined, env)).toBe('environment');
  expect(await quota(undefined, {})).toBe('file');
});

it('impersonation charges the quota project and goes through the delegates', async () => {
  const credentials = createCredentials(
    {
      credentials: { json: { ...user, token_uri: `${url}/token` } },
      impersonate: { target: 'a@b.iam', delegates: ['c@d.iam'] },
      quotaProject: 'payer',
      endpoints: { iamCredentials: url },
    },
    cloudSqlScopes,
    {},
  );
  await credentials.loginToken();
  expect(asked.map(({ path }) => path)).toEqual([
    '/token',
    '/v1/projects/-/serviceAccounts/a%40b.iam:generateAccessToken',
  ]);
  expect(asked[1]!.headers).toMatchObject({ authorization: 'Bearer token', 'x-goog-user-project': 'payer' });
  expect(JSON.parse(asked[1]!.body)).toEqual({
    scope: ['https://www.googleapis.com/auth/sqlservice.login'],
    delegates: ['projects/-/serviceAccounts/c@d.iam'],
    lifetime: '3600s',
  });
  credentials.close(new Error('done'));
});

it('AlloyDB gets tokens of its own scopes, with and without impersonation', async () => {
  const json = { ...serviceAccount, token_uri: `${url}/token` };
  for (const impersonate of [undefined, { target: 'a@b.iam' }]) {
    const options = { credentials: { json }, impersonate, endpoints: { iamCredentials: url } };
    const credentials = createCredentials(options, alloyDbScopes, {});
    expect(await credentials.explain()).toMatchObject({
      apiScopes: ['https://www.googleapis.com/auth/cloud-platform'],
      loginScopes: ['https://www.googleapis.com/auth/alloydb.login'],
      loginTokenNarrowed: 'YES',
    });
    credentials.close(new Error('done'));
  }
  const scopes = asked
    .filter(({ path }) => path.includes('generateAccessToken'))
    .flatMap(({ body }) => (JSON.parse(body) as { scope: string[] }).scope);
  expect(scopes.sort()).toEqual([alloyDbScopes.login, alloyDbScopes.api]);
});

it('workforce federation names its billing project, or its client', async () => {
  const json = {
    type: 'external_account',
    audience: '//iam.googleapis.com/locations/global/workforcePools/x/providers/y',
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    token_url: `${url}/v1/token`,
    credential_source: { url: `${url}/subject`, headers: { Metadata: 'True' }, format: { type: 'text' } },
    workforce_pool_user_project: 'payer',
  };
  for (const client of [{}, { client_id: 'id', client_secret: 'secret' }]) {
    const credentials = createCredentials(
      { credentials: { json: { ...json, ...client }, trustExternalAccount: true } },
      cloudSqlScopes,
      {},
    );
    await credentials.apiToken();
    credentials.close(new Error('done'));
  }
  const [subject, project, , client] = asked as [(typeof asked)[0], (typeof asked)[0], unknown, (typeof asked)[0]];
  expect(subject.headers).toMatchObject({ metadata: 'True' });
  expect(new URLSearchParams(project.body).get('options')).toBe('{"userProject":"payer"}');
  expect(new URLSearchParams(client.body).get('options')).toBeNull();
  expect(client.headers.authorization).toBe(`Basic ${Buffer.from('id:secret').toString('base64')}`);
});

it('a federated user is refreshed by its own token URL', async () => {
  const json = { ...user, type: 'external_account_authorized_user', token_url: `${url}/v1/oauthtoken` };
  const credentials = createCredentials({ credentials: { json } }, cloudSqlScopes, {});
  expect(await credentials.explain()).toMatchObject({ loginTokenNarrowed: 'NO', principal: undefined });
  expect(asked[0]!.path).toBe('/v1/oauthtoken');
  credentials.close(new Error('done'));
});

it('the first login token is published, with what it may do', async () => {
  const events: unknown[] = [];
  const listener = (event: unknown): void => {
    events.push(event);
  };
  subscribe('cloudsql:credentials', listener);
  const credentials = createCredentials(
    { credentials: { accessToken: 'a', loginToken: () => 'b' } },
    cloudSqlScopes,
    {},
  );
  await credentials.loginToken();
  await credentials.loginToken();
  unsubscribe('cloudsql:credentials', listener);
  expect(events).toEqual([
    {
      kind: 'access_token',
      source: 'the option `credentials.accessToken`',
      loginTokenNarrowed: 'NO',
      note: expect.stringContaining('not known here'),
    },
  ]);
});

it('an AuthClient with a nearly expired token is made to refresh it', async () => {
  const client = {
    credentials: { expiry_date: Date.now() + 2000 },
    getAccessToken: async () => ({ token: String(client.credentials.expiry_date) }),
    refreshAccessToken: async () => {
      client.credentials.expiry_date = Date.now() + 3_600_000;
    },
  };
  const credentials = createCredentials({ credentials: client as never }, cloudSqlScopes, {});
  const { expiresAt } = await credentials.loginToken();
  expect(expiresAt! - Date.now()).toBeGreaterThan(3_000_000);
});

it.each([
  ['POSTGRES', 'Ada@Example.com', 'ada@example.com'],
  ['POSTGRES', 'app@shop.iam.gserviceaccount.com', 'app@shop.iam'],
  ['MYSQL', 'ada@example.com', 'ada'],
  ['MYSQL', 'app@shop.iam.gserviceaccount.com', 'app'],
] as const)('the %s user of %s is %s', (engine, email, name) => {
  expect(databaseUserName(email, engine)).toBe(name);
});
