import { Connector } from '@x/cloudsql-core';
import { pgOptions } from '@x/cloudsql-core/pg';
import type { Emulator } from '@x/cloudsql-emulator';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { type AlteredApi, over, startAlteredApi } from '../altered-api.ts';
import { app, appUser, setEnv, startCloud } from '../cloud.ts';

// What the study of Google's connector found by reading its source and did not see happen, by its numbers there. The
// tests say that it is not so of ours. 18 is among the cases, 26 in dns-names.test.ts; 37 is why every example is a
// program that demo.test.ts runs.

const instance = 'shop:europe-west1:orders';
let cloud: Emulator;
let api: AlteredApi;

beforeAll(async () => {
  cloud = await startCloud({ instances: [{ name: instance, databases: ['orders'], users: [{ email: app }] }] });
  setEnv(cloud.googleEnv(app));
  api = await startAlteredApi(cloud);
});

afterEach(async () => {
  api.alter = () => undefined;
  await cloud.faults.clear();
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await api[Symbol.asyncDispose]();
  await cloud.close();
});

const connect = (): Connector => new Connector({ endpoints: { sqlAdmin: api.url } });

it('25 a login token can do nothing but log in', async () => {
  await using connector = connect();
  const { token } = await connector.loginToken();
  const info = await fetch(`${cloud.url}/tokeninfo?access_token=${encodeURIComponent(token)}`);
  expect(await info.json()).toMatchObject({ scope: 'https://www.googleapis.com/auth/sqlservice.login' });
});

it('27 an instance without any DNS name is known by its common name, and another one is not', async () => {
  api.alter = over('connectSettings', { dnsName: undefined, dnsNames: undefined });
  await using connector = connect();
  const socket = await connector.connect({ instance });
  expect(socket.authorized).toBe(true);
  socket.destroy();
  await cloud.faults.server(instance, { commonName: 'shop:other' });
  await expect(connector.connect({ instance })).rejects.toMatchObject({
    code: 'CLOUDSQL_SERVER_IDENTITY',
    message: expect.stringContaining('issued to "shop:other", expected "shop:orders"'),
  });
});

it('28, 33 a certificate that is refused after the handshake is said to be, with what to do, and replaced', async () => {
  await using connector = connect();
  await connector.warmup({ instance });
  await cloud.faults.rotateClientCa();
  const login = async (): Promise<void> => {
    const client = new pg.Client(pgOptions({ instance, database: 'orders', user: appUser, connector }));
    await client.connect();
    await client.end();
  };
  await expect(login()).rejects.toMatchObject({
    instance,
    reason: 'CLOUDSQL_SERVER_CLOSED',
    retryable: true,
    message: expect.stringMatching(/closed .*Usually the client certificate was refused/s),
  });
  await vi.waitFor(login, { timeout: 10_000, interval: 100 });
});

it('34 the engine of the driver is checked, and the database user derived for each', async () => {
  await using connector = connect();
  api.alter = over('connectSettings', { databaseVersion: 'MYSQL_8_4' });
  await expect(connector.connect({ instance, engine: 'POSTGRES' })).rejects.toMatchObject({
    code: 'CLOUDSQL_ENGINE_MISMATCH',
  });
  await using account = new Connector({ credentials: { keyFile: cloud.serviceAccountFile(app) } });
  expect(await account.databaseUser({ engine: 'POSTGRES' })).toBe(appUser);
  expect(await account.databaseUser({ engine: 'MYSQL' })).toBe('app');
});

it('36 a connector closes at the end of its block, and a dial takes a signal', async () => {
  await cloud.faults.connections(instance, 'SILENT_BEFORE_HANDSHAKE');
  let left: Connector;
  {
    await using connector = connect();
    left = connector;
    const given = connector.connect({ instance, signal: AbortSignal.timeout(200) });
    await expect(given).rejects.toMatchObject({ code: 'CLOUDSQL_DIAL_ABORTED' });
  }
  await expect(left.connect({ instance })).rejects.toMatchObject({ code: 'CLOUDSQL_CONNECTOR_CLOSED' });
});
