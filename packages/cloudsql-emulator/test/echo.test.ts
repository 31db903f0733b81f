import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Emulator } from '../src/index.ts';
import { startEmulator } from '../src/index.ts';
import type { Access } from './client.ts';
import { client, dialReady, getAccess, getToken } from './client.ts';
import { ADA, APP, APP_USER, ORDERS } from './setup.ts';

let cloud: Emulator;
let app: Access;
beforeAll(async () => {
  cloud = await startEmulator({
    principals: [{ email: APP }, { email: ADA }],
    instances: [{ name: ORDERS, backend: 'ECHO', users: [{ email: APP }, { name: 'native', password: 'secret' }] }],
  });
  app = await getAccess(cloud, ORDERS, { email: APP });
});
afterAll(() => cloud.close());

const database = 'any';

async function echo(access: Access, user: string, password?: string): Promise<unknown> {
  const socket = await dialReady(access);
  const connection = client(socket, { user, database, password }).on('error', () => undefined);
  try {
    await Promise.all([connection.connect(), Promise.resolve().then(() => socket.emit('connect'))]);
    return (await connection.query('héllo')).rows[0].echo;
  } finally {
    await connection.end().catch(() => undefined);
  }
}

test('a query is answered with itself', async () => {
  expect(await echo(app, APP_USER)).toBe('héllo');
  expect(cloud.connections.at(-1)).toMatchObject({ user: APP_USER, principal: APP, database });
});

test('a prepared statement is an error, after which the session goes on', async () => {
  const socket = await dialReady(app);
  const connection = client(socket, { user: APP_USER, database });
  await Promise.all([connection.connect(), Promise.resolve().then(() => socket.emit('connect'))]);
  await expect(connection.query('select $1', [1])).rejects.toMatchObject({ code: '0A000', severity: 'ERROR' });
  expect((await connection.query('more')).rows).toEqual([{ echo: 'more' }]);
  await connection.end();
});

test('who may log in is as for any other instance', async () => {
  const ada = await getAccess(cloud, ORDERS, { email: ADA });
  await expect(echo(ada, APP_USER)).rejects.toMatchObject({ code: '28P01' });
  await expect(echo(ada, ADA)).rejects.toMatchObject({ code: '28P01' });
  const bare = await getAccess(cloud, ORDERS, { email: APP, login: false });
  expect(await echo(bare, APP_USER, await getToken(cloud, APP))).toBe('héllo');
  await expect(echo(bare, APP_USER, await getToken(cloud, ADA))).rejects.toMatchObject({ code: '28P01' });
  expect(await echo(app, 'native', 'secret')).toBe('héllo');
  await expect(echo(app, 'native', 'wrong')).rejects.toMatchObject({ code: '28P01' });
  await expect(echo(app, 'nobody', 'x')).rejects.toMatchObject({ code: '28P01' });
});

test('hundreds of connections are held', async () => {
  const sockets = await Promise.all(Array.from({ length: 300 }, () => dialReady(app)));
  await vi.waitFor(() => expect(cloud.statistics().connections.open).toBe(300));
  expect(await echo(app, APP_USER)).toBe('héllo');
  for (const socket of sockets) socket.destroy();
});
