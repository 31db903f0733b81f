import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Emulator, EmulatorOptions } from '../src/index.ts';
import { startEmulator } from '../src/index.ts';
import { getAccess, query } from './client.ts';
import { ADA, APP, APP_USER, ORDERS } from './setup.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kept-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const options: EmulatorOptions = {
  principals: [{ email: APP }, { email: ADA }],
  instances: [
    {
      name: ORDERS,
      databases: ['orders'],
      users: [
        { email: APP, databaseRoles: ['cloudsqlsuperuser'] },
        { name: 'native', password: 'secret' },
      ],
    },
  ],
};
const database = 'orders';
const run = async (cloud: Emulator, user: string, sql: string, password?: string) =>
  query(await getAccess(cloud, ORDERS, { email: APP }), { user, database, password }, sql);

test('data, users and principals outlive the emulator in the data folder, an export and an import', async () => {
  const dataDir = join(folder, 'data');
  const exported = join(folder, 'exported');

  const first = await startEmulator({ ...options, dataDir });
  await run(first, APP_USER, 'create table orders as select 42 as id');
  await first.createUser(ORDERS, { email: ADA });
  await expect(startEmulator({ ...options, dataDir })).rejects.toMatchObject({
    code: 'DATA_FOLDER_UNUSABLE',
    message: expect.stringContaining(`is in use by the emulator with the process id ${process.pid}`),
  });
  await first.close();

  // Nothing is told but where the data is; then all is there again.
  const second = await startEmulator({ dataDir, exportOnClose: exported });
  expect(await run(second, APP_USER, 'select id from orders')).toEqual([42]);
  expect(await run(second, 'native', 'select current_user', 'secret')).toEqual(['native']);
  await expect(run(second, 'native', 'select 1', 'wrong')).rejects.toMatchObject({ code: '28P01' });
  expect(await query(await getAccess(second, ORDERS, { email: ADA }), { user: ADA, database }, 'select 1')).toEqual([
    1,
  ]);
  await second.close();

  // What is told wins: a new password, a new database. The export is left as it was.
  const before = readFileSync(join(exported, 'emulator.json'), 'utf8');
  expect(before).not.toContain('secret');
  const users = [{ name: 'native', password: 'changed' }];
  const instances = [{ name: ORDERS, databases: ['orders', 'more'], users }];
  await using third = await startEmulator({ instances, importFrom: exported });
  expect(await run(third, 'native', 'select current_user', 'changed')).toEqual(['native']);
  expect(await run(third, APP_USER, "select count(*)::int from pg_database where datname = 'more'")).toEqual([1]);
  await run(third, APP_USER, 'drop table orders');
  expect(readFileSync(join(exported, 'emulator.json'), 'utf8')).toBe(before);
  expect(existsSync(join(exported, 'emulator.lock'))).toBe(false);
});

test('data outlives an emulator that is killed, and is at hand at once', async () => {
  const dataDir = join(folder, 'killed');
  const args = [join(import.meta.dirname, 'owner.ts'), 'SIGKILL', 'POSTGRES', dataDir];
  const owner = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = await once(owner.stdout, 'data');
  const admin = new pg.Client({ connectionString: JSON.parse(String(line)).url });
  await admin.connect();
  admin.on('error', () => undefined);
  await admin.query('create table kept as select 7 as id');
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  await using cloud = await startEmulator({ dataDir });
  const again = new pg.Client({ connectionString: cloud.databaseUrl(ORDERS) });
  await again.connect();
  expect((await again.query('select id from kept')).rows).toEqual([{ id: 7 }]);
  await again.end();
  await admin.end().catch(() => undefined);
});

test.each([
  ['data folder with other files', { dataDir: 'other' }, 'holds something else than data of the emulator'],
  ['import without an export', { importFrom: 'other' }, 'it holds no emulator.json, so it is no export'],
  ['import that does not exist', { importFrom: 'missing' }, 'it holds no emulator.json'],
  ['data folder below a file', { dataDir: 'other/file/data' }, 'Cannot use the data folder'],
])('%s is an error that changes nothing', async (_name, given, message) => {
  const other = join(folder, 'other');
  rmSync(other, { recursive: true, force: true });
  makeWithFile(other);
  const paths = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, join(folder, value)]));
  const failure = startEmulator({ ...options, ...paths });
  await expect(failure).rejects.toThrow(message);
  await expect(failure).rejects.toMatchObject({ code: 'DATA_FOLDER_UNUSABLE' });
  expect(readFileSync(join(other, 'file'), 'utf8')).toBe('precious');
});

test('what lies in no folder of its own can be exported, too', async () => {
  const exported = join(folder, 'only-exported');
  const first = await startEmulator({ ...options, exportOnClose: exported });
  await run(first, APP_USER, 'create table orders as select 42 as id');
  await first.close();
  await using second = await startEmulator({ importFrom: exported });
  expect(await run(second, APP_USER, 'select id from orders')).toEqual([42]);
});

test('an export never replaces other files', async () => {
  const target = join(folder, 'target');
  makeWithFile(target);
  const cloud = await startEmulator({ ...options, exportOnClose: target });
  await expect(cloud.close()).rejects.toMatchObject({ code: 'DATA_FOLDER_UNUSABLE' });
  expect(readFileSync(join(target, 'file'), 'utf8')).toBe('precious');
});

test.each([
  ['{', 'emulator.json: must be JSON'],
  ['{"format":2}', 'emulator.json.format: must be 1, got 2.'],
  ['{"format":1,"platform":"plan9-x64"}', 'emulator.json.platform: must be '],
  ['{"formt":1}', "unknown key 'formt'; did you mean 'format'?"],
])('a configuration beside the data that is broken is an error: %s', async (text, message) => {
  const dataDir = mkdtempSync(join(folder, 'broken-'));
  writeFileSync(join(dataDir, 'emulator.json'), text);
  await expect(startEmulator({ dataDir })).rejects.toThrow(message);
  expect(existsSync(join(dataDir, 'emulator.lock'))).toBe(false);
});

function makeWithFile(path: string): void {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
  writeFileSync(join(path, 'file'), 'precious');
}
