import { Connector } from '@x/cloudsql-core';
import { pgOptions } from '@x/cloudsql-core/pg';
import type { Emulator } from '@x/cloudsql-emulator';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { startCloud } from './cloud.ts';

const instance = 'shop:europe-west1:orders';
const app = 'app@shop.iam.gserviceaccount.com';
const scopes = 'https://www.googleapis.com/auth/';

let cloud: Emulator;

beforeAll(async () => {
  cloud = await startCloud({
    principals: [{ email: app }],
    instances: [{ name: instance, databases: ['orders'], users: [{ email: app }] }],
  });
});

beforeEach(() => cloud.resetStatistics());

afterEach(() => {
  cloud.tokenLifetimeMs = 3_600_000;
});

afterAll(() => cloud.close());

async function token(scope: string): Promise<string> {
  const grant_type = 'urn:ietf:params:oauth:grant-type:token-exchange';
  const body = new URLSearchParams({ grant_type, subject_token: app, scope: `${scopes}${scope}` });
  const answer = await fetch(`${cloud.url}/token`, { method: 'POST', body });
  return ((await answer.json()) as { access_token: string }).access_token;
}

async function currentUser(connector: Connector, user?: string): Promise<unknown> {
  const options = { instance, database: 'orders', connector, ...(user ? { user } : {}) };
  const client = new pg.Client(pgOptions(options));
  await client.connect();
  try {
    return (await client.query('select current_user as name')).rows[0].name;
  } finally {
    await client.end();
  }
}

it('a token without expiry is good for as long as its certificate, without a refresh loop', async () => {
  // As it is read from a file.
  const accessToken = `${await token('sqlservice.admin')}\n`;
  const credentials = { accessToken, loginToken: () => token('sqlservice.login') };
  await using connector = new Connector({ endpoints: { sqlAdmin: cloud.url }, credentials });
  await expect(currentUser(connector)).rejects.toMatchObject({ code: 'CLOUDSQL_UNKNOWN_DATABASE_USER' });
  for (let i = 0; i < 20; i++) expect(await currentUser(connector, 'app@shop.iam')).toBe('app@shop.iam');
  expect(cloud.statistics().calls).toMatchObject({ connectSettings: 1, generateEphemeralCert: 1 });
});

it('an access token alone does not go to a database', async () => {
  const credentials = { accessToken: await token('cloud-platform') };
  await using connector = new Connector({ endpoints: { sqlAdmin: cloud.url }, credentials });
  await expect(currentUser(connector, 'app@shop.iam')).rejects.toMatchObject({ code: 'CLOUDSQL_NO_CREDENTIALS' });
  expect(cloud.statistics().calls.generateEphemeralCert).toBeUndefined();
  expect(await connector.explainCredentials()).toMatchObject({ loginTokenNarrowed: 'NONE' });
});

it('tokens of two seconds are replaced in time, and not more often', async () => {
  cloud.tokenLifetimeMs = 2000;
  const credentials = { keyFile: cloud.credentialsFile(app) };
  await using connector = new Connector({ endpoints: { sqlAdmin: cloud.url }, credentials });
  const fetched = (): number => cloud.statistics().calls.generateEphemeralCert ?? 0;
  const started = Date.now();
  while (Date.now() < started + 5000 || fetched() < 3) {
    expect(await currentUser(connector, 'app@shop.iam')).toBe('app@shop.iam');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(fetched()).toBeLessThanOrEqual(2 + (Date.now() - started) / 1000);
});

it('a token that the API refuses before its time is replaced at once', async () => {
  const credentials = { keyFile: cloud.credentialsFile(app) };
  await using connector = new Connector({ endpoints: { sqlAdmin: cloud.url }, credentials });
  await connector.loginToken();
  cloud.faults.api('connectSettings', { status: [401] });
  expect(await currentUser(connector, 'app@shop.iam')).toBe('app@shop.iam');
  // Not for ever: a new one may be refused as well.
  cloud.faults.api('connectSettings', { status: 401 });
  await using other = new Connector({ endpoints: { sqlAdmin: cloud.url }, credentials });
  cloud.resetStatistics();
  await expect(other.warmup({ instance })).rejects.toMatchObject({ code: 'CLOUDSQL_TOKEN_REFUSED', retryable: false });
  expect(cloud.statistics().calls.connectSettings).toBe(2);
  await cloud.faults.clear();
});
