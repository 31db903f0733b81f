import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Emulator } from '../src/index.ts';
import type { Access } from './client.ts';
import { client, dialReady, getAccess, query } from './client.ts';
import { ADA, APP, APP_USER, ORDERS, startTestEmulator } from './setup.ts';

let cloud: Emulator;
let app: Access;
beforeAll(async () => {
  cloud = await startTestEmulator();
  app = await getAccess(cloud, ORDERS, { email: APP });
});
afterAll(() => cloud.close());

test.each([
  ['PRIMARY', 'PUBLIC'],
  ['PRIVATE', 'PRIVATE'],
])("a record says what the client's own socket says (%s)", async (type, ipType) => {
  const socket = await dialReady(app, type);
  const connection = client(socket, { user: APP_USER, database: 'orders', application_name: 'the test' });
  await Promise.all([connection.connect(), Promise.resolve().then(() => socket.emit('connect'))]);
  const { rows } = await connection.query('select pg_backend_pid() as pid');
  const certificate = new X509Certificate(app.cert);
  const record = cloud.connections.at(-1);
  expect(record).toMatchObject({
    instance: ORDERS,
    ipType,
    localAddress: socket.remoteAddress,
    serial: certificate.serialNumber,
    principal: APP,
    user: APP_USER,
    database: 'orders',
    applicationName: 'the test',
    backendPid: rows[0].pid,
    tlsProtocol: socket.getProtocol(),
    tlsCipher: socket.getCipher().standardName,
    certificateExpires: certificate.validToDate,
    openedAt: expect.any(Date),
    state: 'open',
  });
  expect(record).not.toHaveProperty('closedAt');
  await connection.end();
  await vi.waitFor(() => expect(record).toMatchObject({ state: 'closed', closedAt: expect.any(Date) }));
});

test('a refused login leaves a record with the reason', async () => {
  await expect(query(app, { user: ADA, database: 'orders' }, 'select 1')).rejects.toThrow();
  const refusal = `Cloud SQL IAM user authentication failed for user "${ADA}"`;
  await vi.waitFor(() => {
    expect(cloud.connections.at(-1)).toMatchObject({ state: 'refused', refusal, closedAt: expect.any(Date) });
  });
  await expect(query(app, { user: APP_USER, database: 'missing' }, 'select 1')).rejects.toThrow();
  expect(cloud.connections.at(-1)).toMatchObject({ refusal: 'database "missing" does not exist' });
});

test('a certificate without an identity leaves no principal', async () => {
  const access = await getAccess(cloud, ORDERS, { email: APP, login: false });
  await query(access, { user: 'native', password: 'secret', database: 'orders' }, 'select 1');
  expect(cloud.connections.at(-1)).not.toHaveProperty('principal');
});

test('statistics count calls and connections, and can be reset', async () => {
  cloud.resetStatistics();
  expect(cloud.statistics().calls).toEqual({});
  const access = await getAccess(cloud, ORDERS, { email: APP });
  await query(access, { user: APP_USER, database: 'orders' }, 'select 1');
  await vi.waitFor(() => {
    expect(cloud.statistics()).toEqual({
      calls: { token: 2, connectSettings: 1, generateEphemeralCert: 1 },
      connections: { open: 0, total: 1, tlsFailures: {} },
    });
  });
});

test('megabytes pass in both directions', async () => {
  const config = { user: APP_USER, database: 'orders' };
  const [length] = await query(app, config, `select length('${'x'.repeat(8_000_000)}')`);
  expect(length).toBe(8_000_000);
  const [long] = await query(app, config, `select repeat('y', 32000000)`);
  expect(long).toHaveLength(32_000_000);
});

test('a query can be cancelled through a second connection', async () => {
  const socket = await dialReady(app);
  const connection = client(socket, { user: APP_USER, database: 'orders' });
  const key = new Promise<{ processID: number; secretKey: number }>((resolve) => {
    (connection as unknown as { connection: NodeJS.EventEmitter }).connection.once('backendKeyData', resolve);
  });
  await Promise.all([connection.connect(), Promise.resolve().then(() => socket.emit('connect'))]);
  const { processID, secretKey } = await key;
  const sleeping = connection.query('select pg_sleep(60)');
  const request = Buffer.alloc(16);
  for (const [index, value] of [16, 80_877_102, processID].entries()) request.writeUInt32BE(value, index * 4);
  request.writeInt32BE(secretKey, 12);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const canceller = await dialReady(app);
  canceller.write(request);
  await expect(sleeping).rejects.toMatchObject({ code: '57014' });
  canceller.resume();
  if (!canceller.closed) await once(canceller, 'close');
  await connection.end();
});

test('100 sessions at once are served', async () => {
  const config = { user: APP_USER, database: 'orders' };
  const results = await Promise.all(Array.from({ length: 100 }, () => query(app, config, 'select 1')));
  expect(results.flat()).toEqual(Array(100).fill(1));
});
