import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Connector, type ConnectorOptions } from '@x/cloudsql-core';
import { pgOptions } from '@x/cloudsql-core/pg';
import { type Emulator, startEmulator } from '@x/cloudsql-emulator';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';

// Not a project of the emulator's own, for which connectors take no other credentials than its own.
const instance = 'projects/shop/locations/europe-west1/clusters/main/instances/primary';
const app = 'app@shop.iam.gserviceaccount.com';
const runner = 'runner@shop.iam.gserviceaccount.com';
const ada = 'ada@example.com';
const apiScope = 'https://www.googleapis.com/auth/cloud-platform';
const loginScope = 'https://www.googleapis.com/auth/alloydb.login';

let cloud: Emulator;

beforeAll(async () => {
  cloud = await startEmulator({
    principals: [{ email: app }, { email: ada }, { email: runner, tokenCreators: [app, ada] }],
    instances: [{ name: instance, users: [{ email: app }, { email: ada }, { email: runner }] }],
  });
});

afterAll(() => cloud.close());

type Form = [string, () => ConnectorOptions, string, object];

const forms: Form[] = [
  [
    'a service account',
    () => ({ credentials: { keyFile: cloud.serviceAccountFile(app) } }),
    'app@shop.iam',
    { kind: 'service_account', apiScopes: [apiScope], loginScopes: [loginScope], loginTokenNarrowed: 'YES' },
  ],
  [
    'a service account that a federated principal acts as',
    () => ({ credentials: { keyFile: cloud.credentialsFile(app, { impersonate: runner }) } }),
    'runner@shop.iam',
    { kind: 'external_account', apiScopes: [apiScope], loginScopes: [loginScope], loginTokenNarrowed: 'YES' },
  ],
  [
    'a user, who has not consented to the narrow scope,',
    () => ({ credentials: { keyFile: cloud.authorizedUserFile(ada) } }),
    ada,
    { loginTokenNarrowed: 'NO', note: expect.stringContaining(`--scopes=${apiScope},${loginScope}`) },
  ],
  [
    'a service account that a user acts as, by file,',
    () => ({ credentials: { keyFile: cloud.impersonatedFile(ada, { target: runner }) } }),
    'runner@shop.iam',
    { impersonates: [runner], apiScopes: [apiScope], loginScopes: [loginScope], loginTokenNarrowed: 'YES' },
  ],
  [
    'a service account that another acts as, by option,',
    () => ({ credentials: { keyFile: cloud.serviceAccountFile(app) }, impersonate: runner }),
    'runner@shop.iam',
    { impersonates: [runner], apiScopes: [apiScope], loginScopes: [loginScope], loginTokenNarrowed: 'YES' },
  ],
];

it.each(forms)('%s logs in to AlloyDB', async (_, options, user, explanation) => {
  const endpoints = { alloyDb: cloud.url, iamCredentials: cloud.url };
  await using connector = new Connector({ ...options(), endpoints });
  expect(await connector.explainCredentials({ instance })).toMatchObject(explanation);
  const client = new pg.Client(pgOptions({ instance, database: 'postgres', connector }));
  try {
    await client.connect();
    expect((await client.query('select current_user as name')).rows).toEqual([{ name: user }]);
  } finally {
    await client.end();
  }
});

it('one connector has tokens of both services', async () => {
  await using connector = new Connector({ credentials: { keyFile: cloud.serviceAccountFile(app) } });
  const [cloudSql, alloyDb] = await Promise.all([
    connector.explainCredentials(),
    connector.explainCredentials({ instance }),
  ]);
  expect(cloudSql.loginScopes).toEqual(['https://www.googleapis.com/auth/sqlservice.login']);
  expect(alloyDb.loginScopes).toEqual([loginScope]);
});

it('gcloud gives a whole token, since its command for login tokens is for Cloud SQL', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'gcloud-'));
  const credential = { access_token: 'whole', token_expiry: new Date(Date.now() + 3_600_000).toISOString() };
  const config = JSON.stringify({ credential, configuration: { properties: { core: { account: ada } } } });
  const script = `#!/bin/sh\ncase "$1" in config) echo '${config}';; *) echo 'for Cloud SQL';; esac\n`;
  await writeFile(path.join(folder, 'gcloud'), script);
  await chmod(path.join(folder, 'gcloud'), 0o755);
  vi.stubEnv('PATH', `${folder}:${process.env.PATH}`);
  try {
    await using connector = new Connector({ credentials: { gcloud: true } });
    expect((await connector.loginToken({ instance })).token).toBe('whole');
    expect(await connector.explainCredentials({ instance })).toMatchObject({
      loginTokenNarrowed: 'NO',
      note: expect.stringContaining('alloydb.login'),
    });
  } finally {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  }
});
