import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { AuthTypes, Connector, type ConnectorOptions, IpAddressTypes, type Listener } from '@x/cloudsql-core/google';
import type { Emulator } from '@x/cloudsql-emulator';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { app, appUser, native, setEnv, startCloud } from './cloud.ts';

// The drop-in for Google's connector, used as programs use that one.

// No project of the name demo-*, which only the emulator's variable would open.
const instance = 'shop:europe-west1:orders';
let cloud: Emulator;
const connectors: Connector[] = [];

beforeAll(async () => {
  const users = [{ email: app }, native];
  cloud = await startCloud({ instances: [{ name: instance, databases: ['orders'], users }] });
  setEnv(cloud.googleEnv(app));
});

afterEach(async () => {
  await Promise.all(connectors.splice(0).map((connector) => connector.close()));
  await cloud.faults.clear();
});

afterAll(() => cloud.close());

function connect(options: ConnectorOptions = {}): Connector {
  const connector = new Connector({ sqlAdminAPIEndpoint: cloud.url, ...options });
  connectors.push(connector);
  return connector;
}

async function currentUser(config: pg.ClientConfig): Promise<string> {
  const client = new pg.Client({ database: 'orders', ...config });
  await client.connect();
  try {
    return (await client.query('select current_user as name')).rows[0].name;
  } finally {
    await client.end();
  }
}

describe.each([IpAddressTypes.PUBLIC, 'PRIVATE', 'private'])('over a %s address', (ipType) => {
  it.each([
    ['IAM', { authType: AuthTypes.IAM }, { user: appUser }],
    ['IAM in lower case', { authType: 'iam' }, { user: appUser }],
    ['a password', {}, { user: native.name, password: native.password }],
  ])('pg logs in with %s', async (_, options, login) => {
    const { stream } = await connect().getOptions({ instanceConnectionName: instance, ipType, ...options });
    expect(await currentUser({ ...login, stream })).toBe(login.user);
    expect(cloud.connections.at(-1)).toMatchObject({ ipType: ipType.toUpperCase(), user: login.user });
  });
});

it('makes sockets that dial by themselves for drivers that only listen, as mysql2 does', async () => {
  const { stream } = await connect().getOptions({ instanceConnectionName: instance });
  const socket = stream();
  socket.on('data', () => {});
  await once(socket, 'connect');
  socket.destroy();
  await once(socket, 'close');
});

it('makes sockets that nobody pays for until they are used', async () => {
  const { stream } = await connect().getOptions({ instanceConnectionName: instance });
  cloud.resetStatistics();
  for (let i = 0; i < 100; i++) stream();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(cloud.statistics().connections.total).toBe(0);
});

it('gives tedious a socket that is ready, and refuses IAM for it', async () => {
  const connector = connect();
  const options = await connector.getTediousOptions({ instanceConnectionName: instance });
  expect(options.encrypt).toBe(false);
  const socket = await options.connector();
  expect(socket.getProtocol()).toBe('TLSv1.3');
  socket.destroy();
  await expect(
    connector.getTediousOptions({ instanceConnectionName: instance, authType: 'IAM' }),
  ).rejects.toMatchObject({ code: 'ENOIAM', reason: 'CLOUDSQL_CONFLICTING_OPTIONS' });
});

it('opens a local socket, with IAM and with a password, until the connector is closed', async () => {
  const connector = connect();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'google-'));
  try {
    const place = path.join(folder, '.s.PGSQL.5432');
    const start = (authType: string): Promise<Listener> =>
      connector.startLocalProxy({ instanceConnectionName: instance, authType, listenOptions: { path: place } });
    const listener = await start('PASSWORD');
    expect(await currentUser({ host: folder, user: native.name, password: native.password })).toBe(native.name);
    await expect(start('PASSWORD')).rejects.toMatchObject({ reason: 'CLOUDSQL_LISTEN_FAILED' });
    await listener.close();
    await start('IAM');
    expect(await currentUser({ host: folder, user: appUser })).toBe(appUser);
    await connector.close();
    expect(fs.readdirSync(folder)).toEqual([]);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

it("keeps drivers' connections open when it is closed, and is closed for good", async () => {
  const connector = connect();
  const { stream } = await connector.getOptions({ instanceConnectionName: instance });
  const client = new pg.Client({ stream, ...native, user: native.name, database: 'orders' });
  await client.connect();
  await connector.close();
  await connector.close();
  expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  await client.end();
  const closed = { code: 'ERRCLOSED', reason: 'CLOUDSQL_CONNECTOR_CLOSED' };
  await expect(connector.getOptions({ instanceConnectionName: instance })).rejects.toMatchObject(closed);
  await expect(currentUser({ stream, user: native.name })).rejects.toMatchObject(closed);
});

describe('errors', () => {
  const failure = async (options: object): Promise<unknown> =>
    connect()
      .getOptions({ instanceConnectionName: instance, ...options })
      .catch((error: unknown) => error);

  it.each([
    ['no instance', { instanceConnectionName: undefined }, 'ENOCONNECTIONNAME', 'CLOUDSQL_MISSING_OPTION'],
    ['a bad name', { instanceConnectionName: 'a:b' }, 'EBADCONNECTIONNAME', 'CLOUDSQL_INVALID_INSTANCE_NAME'],
    [
      'another region',
      { instanceConnectionName: 'shop:us-east1:orders' },
      'EBADSQLADMINREGION',
      'CLOUDSQL_REGION_MISMATCH',
    ],
    ['no such address', { ipType: 'PSC' }, 'ENOPSCSQLADMINIPADDRESS', 'CLOUDSQL_NO_ADDRESS'],
    ['a bad value', { authType: 'IMA' }, 'CLOUDSQL_INVALID_OPTION', 'CLOUDSQL_INVALID_OPTION'],
    ['an unknown option', { ipTyp: 'PUBLIC' }, 'CLOUDSQL_UNKNOWN_OPTION', 'CLOUDSQL_UNKNOWN_OPTION'],
    ['two names', { domainName: 'db.example.com' }, 'CLOUDSQL_CONFLICTING_OPTIONS', 'CLOUDSQL_CONFLICTING_OPTIONS'],
  ])('%s', async (_, options, code, reason) => {
    expect(await failure(options)).toMatchObject({ code, reason });
  });

  it('say who is not the instance', async () => {
    const { stream } = await connect().getOptions({ instanceConnectionName: instance });
    await cloud.faults.server(instance, { commonName: 'shop:other' });
    const login = { user: native.name, password: native.password };
    await expect(currentUser({ stream, ...login })).rejects.toMatchObject({
      code: 'EBADSQLADMINVERIFYCERT',
      reason: 'CLOUDSQL_SERVER_IDENTITY',
      instance,
    });
  });

  it("keep Node's code where the network failed", async () => {
    const { stream } = await connect().getOptions({ instanceConnectionName: instance });
    await cloud.faults.connections(instance, 'REFUSED');
    await expect(currentUser({ stream, user: 'x' })).rejects.toMatchObject({
      code: 'ECONNREFUSED',
      reason: 'CLOUDSQL_DIAL_FAILED',
    });
  });

  it('refuse a universe that is none', () => {
    expect(() => connect({ universeDomain: 'https://example.com' })).toThrow('universe');
    expect(() => connect({ universeDomain: 'example.com' })).not.toThrow();
    expect(() => connect({ universeDomain: 'googleapis.com', userAgent: undefined as never })).not.toThrow();
  });
});
