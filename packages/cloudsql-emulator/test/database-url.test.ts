import { writeFileSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { connect, createServer } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Emulator, EmulatorOptions } from '../src/index.ts';
import { startEmulator } from '../src/index.ts';
import { getAccess, query } from './client.ts';
import { MYSQL_ORDERS, runOnMysql, withoutMysql } from './mysql-setup.ts';
import { APP, APP_USER, ORDERS, STOCK, startTestEmulator } from './setup.ts';

// An emulator's server is somebody else's to another one.

/** Starts an emulator in front of a server that runs already. */
function startInFront(databaseUrl: string, databaseVersion?: 'MYSQL_8_4'): Promise<Emulator> {
  const users = [
    { email: APP, databaseRoles: ['cloudsqlsuperuser'] },
    { name: 'other', password: 'secret' },
  ];
  const instance = { name: STOCK, databases: ['orders', 'stock'], users, databaseUrl };
  return startEmulator({ instances: [{ ...instance, ...(databaseVersion ? { databaseVersion } : {}) }] });
}

describe('a PostgreSQL that runs already', () => {
  let owner: Emulator;
  beforeAll(async () => {
    owner = await startTestEmulator();
  });
  afterAll(() => owner.close());

  /** As a server is that trusts nobody but its superuser. */
  async function demand(method: string, encryption: string): Promise<void> {
    const url = owner.databaseUrl(ORDERS);
    const folder = new URL(url).searchParams.get('host')!;
    writeFileSync(`${folder}/data/pg_hba.conf`, `local all cloudsqladmin trust\nlocal all all ${method}\n`);
    const admin = new pg.Client(url);
    await admin.connect();
    await admin.query(`alter system set password_encryption = '${encryption}'`);
    await admin.query('select pg_reload_conf()');
    await admin.end();
  }

  test.each([
    ['scram-sha-256', 'scram-sha-256'],
    ['md5', 'md5'],
    ['password', 'scram-sha-256'],
  ])('gets databases and users, and IAM logins (%s)', async (method, encryption) => {
    await demand(method, encryption);
    await using cloud = await startInFront(owner.databaseUrl(ORDERS));
    const app = await getAccess(cloud, STOCK, { email: APP });
    const config = { user: APP_USER, database: 'stock' };
    const sql = 'select current_user, current_database()';
    expect(await query(app, config, sql)).toEqual([APP_USER, 'stock']);
    expect(cloud.connections.at(-1)).toMatchObject({ user: APP_USER, backendPid: expect.any(Number) });
    expect(await query(app, { ...config, database: 'orders' }, sql)).toEqual([APP_USER, 'orders']);
    const withoutIdentity = await getAccess(cloud, STOCK, { email: APP, login: false });
    const native = { user: 'other', password: 'secret', database: 'stock' };
    expect(await query(withoutIdentity, native, 'select current_user')).toEqual(['other']);
    await expect(query(withoutIdentity, { ...native, password: 'x' }, 'select 1')).rejects.toMatchObject({
      code: '28P01',
    });
    await expect(query(app, { ...config, user: 'someone@demo-shop.iam' }, 'select 1')).rejects.toMatchObject({
      code: '28P01',
    });
    await expect(query(app, { ...config, database: 'nowhere' }, 'select 1')).rejects.toMatchObject({ code: '3D000' });
  });

  test('keeps its data, and can be asked for again', async () => {
    for (const statement of ['create table kept (id int)', 'select * from kept']) {
      await using cloud = await startInFront(owner.databaseUrl(ORDERS));
      await query(await getAccess(cloud, STOCK, { email: APP }), { user: APP_USER, database: 'stock' }, statement);
    }
  });
});

describe.skipIf(withoutMysql)('a MySQL that runs already', () => {
  let owner: Emulator;
  let bridge: Server;
  beforeAll(async () => {
    owner = await startEmulator({ instances: [MYSQL_ORDERS] });
    const socket = new URL(owner.databaseUrl(ORDERS)).searchParams.get('socketPath')!;
    bridge = createServer((client) => {
      const server = connect(socket);
      client.on('error', () => server.destroy()).pipe(server);
      server.on('error', () => client.destroy()).pipe(client);
    });
    await new Promise<void>((resolve) => bridge.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    bridge?.close();
    await owner?.close();
  });

  test.each(['TCP', 'UNIX'])('gets databases and users, and IAM logins (%s)', async (kind) => {
    const url = new URL(owner.databaseUrl(ORDERS));
    if (kind === 'TCP') {
      url.search = '';
      url.port = String((bridge.address() as AddressInfo).port);
      url.hostname = '127.0.0.1';
    }
    // The second time everything is there already.
    for (const table of [`first_${kind}`, `second_${kind}`]) {
      await using cloud = await startInFront(url.href, 'MYSQL_8_4');
      await runOnMysql(await getAccess(cloud, STOCK, { email: APP }), 'app', [`CREATE TABLE stock.${table} (id INT)`]);
      const withoutIdentity = await getAccess(cloud, STOCK, { email: APP, login: false });
      await runOnMysql(withoutIdentity, 'other', [`INSERT INTO stock.${table} VALUES (1)`]);
      expect(new URL(cloud.databaseUrl(STOCK, 'stock')).pathname).toBe('/stock');
    }
  });
});

test.each([
  [
    'mysql://root:secret@127.0.0.1:3306',
    undefined,
    "postgresql://user:password@host:port for POSTGRES_18, got 'mysql://…'",
  ],
  [
    'postgresql://root:secret@127.0.0.1',
    'MYSQL_8_4',
    "mysql://user:password@host:port for MYSQL_8_4, got 'postgresql://…'",
  ],
  ['postgresql://127.0.0.1', undefined, 'must be postgresql://user:password@host:port'],
  [5432, undefined, "got 'number'"],
])('the URL %s is refused for %s', async (databaseUrl, databaseVersion, message) => {
  const instances = [{ name: ORDERS, databaseUrl, databaseVersion }] as EmulatorOptions['instances'];
  await expect(startEmulator({ instances: instances! })).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringContaining(message),
  });
});

test.each([
  ['postgresql://me:secret@127.0.0.1:1', undefined, 'PostgreSQL does not answer at 127.0.0.1:1: connect ECONNREFUSED'],
  ['mysql://me:secret@127.0.0.1:1', 'MYSQL_8_4' as const, 'MySQL does not answer at 127.0.0.1:1: connect ECONNREFUSED'],
])('a server that is not there is reported (%s)', async (url, version, message) => {
  const failure = startInFront(url, version);
  await expect(failure).rejects.toMatchObject({
    code: 'DATABASE_START_FAILED',
    message: expect.stringContaining(message),
  });
  await expect(failure).rejects.toThrow(/^(?!.*secret)/);
});
