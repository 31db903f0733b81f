import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Emulator } from '../src/index.ts';
import type { Access } from './client.ts';
import { getAccess, query } from './client.ts';
import { APP, APP_USER, ORDERS, startTestEmulator } from './setup.ts';

let cloud: Emulator;
let app: Access;
beforeAll(async () => {
  cloud = await startTestEmulator();
  app = await getAccess(cloud, ORDERS, { email: APP });
});
afterAll(() => cloud.close());

const run = (sql: string) => query(app, { user: APP_USER, database: 'orders' }, sql);
const count = 'select count(*)::int from orders';

test('a database gets its state back as often as it is wanted', async () => {
  await run('create table orders as select generate_series(1, 1000) as id');
  await run("alter database orders set search_path = 'public', 'extra'");
  await run('revoke connect on database orders from public');
  const seeded = await cloud.snapshot(ORDERS);
  expect(seeded).toMatchObject({ instance: ORDERS, database: 'orders' });
  for (const change of ['truncate orders', 'drop table orders', 'drop database if exists none']) {
    if (change.startsWith('drop database')) await cloud.restore(seeded);
    else await run(change);
    await cloud.restore(seeded);
    expect(await run(count)).toEqual([1000]);
  }
  // What belongs to the database, not into it, is as it was, too.
  expect(await run('show search_path')).toEqual(['public, extra']);
  expect(await run("select pg_get_userbyid(datdba), datacl::text from pg_database where datname = 'orders'")).toEqual([
    'cloudsqlsuperuser',
    '{=T/cloudsqlsuperuser,cloudsqlsuperuser=CTc/cloudsqlsuperuser}',
  ]);
});

test('sessions end, and a pool goes on', async () => {
  const pool = new pg.Pool({ connectionString: cloud.databaseUrl(ORDERS, 'orders'), max: 3 });
  const errors: string[] = [];
  pool.on('error', (error: Error & { code?: string }) => errors.push(error.code ?? error.message));
  await pool.query('select 1');
  const seeded = await cloud.snapshot(ORDERS, 'orders');
  await pool.query('truncate orders');
  await cloud.restore(seeded);
  expect((await pool.query(count)).rows).toEqual([{ count: 1000 }]);
  expect(errors).toContain('57P01');
  await pool.end();
});

test('logins that come during a restore wait for it', async () => {
  const seeded = await cloud.snapshot(ORDERS, 'orders');
  const restoring = [cloud.restore(seeded), cloud.restore(seeded)];
  const logins = Array.from({ length: 10 }, () => run(count));
  await Promise.all(restoring);
  expect(await Promise.all(logins)).toEqual(Array(10).fill([1000]));
});

test('what cannot be kept is a typed error', async () => {
  await expect(cloud.snapshot(ORDERS, 'none')).rejects.toMatchObject({ code: 'DATABASE_STATEMENT_FAILED' });
  await expect(cloud.snapshot('a:b:c')).rejects.toMatchObject({ code: 'UNKNOWN_INSTANCE' });
  await using echo = await startTestEmulator({ instances: [{ name: ORDERS, backend: 'ECHO', databases: ['orders'] }] });
  await expect(echo.snapshot(ORDERS)).rejects.toMatchObject({ code: 'NO_SNAPSHOTS' });
  await using empty = await startTestEmulator({ instances: [{ name: ORDERS }] });
  await expect(empty.snapshot(ORDERS)).rejects.toThrow('database: must be named, as the instance has 0 databases');
});
