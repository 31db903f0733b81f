import { Connector } from '@x/cloudsql-core';
import { pgOptions } from '@x/cloudsql-core/pg';
import type { Emulator } from '@x/cloudsql-emulator';
import { cloudSql } from '@x/knex-cloudsql';
import knex from 'knex';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { cluster, primary, replica, startAlloyDb } from './alloydb-cloud.ts';
import { app, appUser, native, setEnv } from './cloud.ts';

const guest = 'guest@demo-shop.iam.gserviceaccount.com';
const withoutLogin = 'without-login@demo-shop.iam.gserviceaccount.com';
const withoutClient = 'without-client@demo-shop.iam.gserviceaccount.com';
const withoutUsage = 'without-usage@demo-shop.iam.gserviceaccount.com';
const ada = 'ada@example.com';

let cloud: Emulator;

beforeAll(async () => {
  cloud = await startAlloyDb({
    principals: [
      { email: app },
      { email: ada },
      { email: guest },
      { email: withoutLogin, roles: ['alloydb.client', 'serviceusage.serviceUsageConsumer'] },
      { email: withoutClient, roles: ['alloydb.databaseUser', 'serviceusage.serviceUsageConsumer'] },
      { email: withoutUsage, roles: ['alloydb.client', 'alloydb.databaseUser'] },
    ],
    users: [{ email: ada }, { email: withoutLogin }, { email: withoutClient }, { email: withoutUsage }],
  });
  setEnv(cloud.env);
});

afterAll(() => cloud.close());

type Options = Record<string, unknown>;

/** Who is logged in, by a connector of its own. */
async function whoAmI(options: Options = {}, principal = app): Promise<string> {
  setEnv({ CLOUDSQL_EMULATOR_PRINCIPAL: principal });
  await using connector = new Connector();
  const client = new pg.Client(pgOptions({ instance: primary, database: 'orders', connector, ...options } as never));
  try {
    await client.connect();
    return (await client.query('select current_user as name')).rows[0].name;
  } finally {
    await client.end();
    setEnv({ CLOUDSQL_EMULATOR_PRINCIPAL: app });
  }
}

describe('pg logs in to AlloyDB', () => {
  it('with IAM, as the user that the credentials stand for, over the private address', async () => {
    expect(await whoAmI()).toBe(appUser);
    expect(cloud.connections.at(-1)).toMatchObject({
      instance: primary,
      ipType: 'PRIVATE',
      principal: app,
      user: appUser,
      authType: 'AUTO_IAM',
      userAgent: expect.stringMatching(/^cloudsql-orm\//),
      tlsProtocol: 'TLSv1.3',
    });
  });

  it('as a person, under the whole e-mail', async () => {
    expect(await whoAmI({}, ada)).toBe(ada);
  });

  it('with a password', async () => {
    expect(await whoAmI({ user: native.name, password: native.password })).toBe(native.name);
    expect(cloud.connections.at(-1)).toMatchObject({ principal: app, user: native.name, authType: 'DB_NATIVE' });
    await expect(whoAmI({ user: native.name, password: 'wrong' })).rejects.toMatchObject({ code: '28P01' });
  });

  it('with the login token as the password', async () => {
    expect(await whoAmI({ authType: 'IAM_MANUAL' })).toBe(appUser);
    expect(cloud.connections.at(-1)).toMatchObject({ authType: 'DB_NATIVE' });
  });

  it.each(['PUBLIC', 'PRIVATE'])('over the %s address', async (ipType) => {
    expect(await whoAmI({ ipType })).toBe(appUser);
    expect(cloud.connections.at(-1)).toMatchObject({ ipType, state: expect.any(String) });
  });

  it('by URL', async () => {
    await using connector = new Connector();
    const url = `postgresql:///orders?instance=${primary}&ipType=PUBLIC`;
    const client = new pg.Client(pgOptions({ connectionString: url, connector } as never));
    await client.connect();
    expect((await client.query('select current_user as name')).rows).toEqual([{ name: appUser }]);
    await client.end();
  });
});

describe('AlloyDB has roles of its own', () => {
  it('that its users have, and that databases belong to', async () => {
    await using connector = new Connector();
    const client = new pg.Client(pgOptions({ instance: primary, database: 'orders', connector }));
    await client.connect();
    const { rows } = await client.query(`
      select u.rolname as user, array_agg(r.rolname::text order by r.rolname) as roles
      from pg_auth_members m join pg_roles r on r.oid = m.roleid join pg_roles u on u.oid = m.member
      where u.rolname in ('${appUser}', '${ada}', 'native') group by 1 order by 1`);
    expect(rows).toEqual([
      { user: ada, roles: ['alloydbiamuser'] },
      { user: appUser, roles: ['alloydbiamuser', 'alloydbsuperuser'] },
      { user: 'native', roles: ['alloydbsuperuser'] },
    ]);
    const owner = await client.query(
      `select pg_get_userbyid(datdba) as owner from pg_database where datname = 'orders'`,
    );
    expect(owner.rows).toEqual([{ owner: 'alloydbsuperuser' }]);
    await client.end();
  });
});

describe('AlloyDB refuses', () => {
  it.each([
    ['alloydb.client', withoutClient, /Permission 'alloydb\.\S+' denied .*roles\/alloydb\.client/],
    ['serviceusage.serviceUsageConsumer', withoutUsage, /permission to use project demo-shop.*serviceUsageConsumer/],
  ])('a principal without the role %s, in the API', async (_, principal, message) => {
    await expect(whoAmI({}, principal)).rejects.toMatchObject({
      code: 'CLOUDSQL_PERMISSION_DENIED',
      instance: primary,
      message: expect.stringMatching(message),
    });
    expect(await whoAmI()).toBe(appUser);
  });

  it('a principal without the role alloydb.databaseUser, at the login, but not its password', async () => {
    await expect(whoAmI({}, withoutLogin)).rejects.toMatchObject({
      code: '28P01',
      message: 'AlloyDB IAM user authentication failed for user "without-login@demo-shop.iam"',
    });
    expect(await whoAmI({ user: native.name, password: native.password }, withoutLogin)).toBe(native.name);
    expect(await whoAmI()).toBe(appUser);
  });

  it('a principal without a database user, until it has one', async () => {
    const refused = { code: '28P01', message: expect.stringContaining('"guest@demo-shop.iam"') };
    await expect(whoAmI({}, guest)).rejects.toMatchObject(refused);
    await cloud.createUser(primary, { email: guest });
    expect(await whoAmI({}, guest)).toBe('guest@demo-shop.iam');
    // Each instance has its own users.
    await expect(whoAmI({ instance: replica }, guest)).rejects.toMatchObject(refused);
    await cloud.deleteUser(primary, guest);
    await expect(whoAmI({}, guest)).rejects.toMatchObject(refused);
  });

  it('the user of another principal', async () => {
    await expect(whoAmI({ user: ada })).rejects.toMatchObject({
      code: '28P01',
      message: `AlloyDB IAM user authentication failed for user "${ada}"`,
    });
    expect(await whoAmI({ user: ada }, ada)).toBe(ada);
  });

  it('an instance that is not there, and one of a demo project without the variable', async () => {
    await expect(whoAmI({ instance: `${cluster}/instances/nothing` })).rejects.toMatchObject({
      code: 'CLOUDSQL_INSTANCE_NOT_FOUND',
      message: expect.stringContaining('gcloud alloydb instances list'),
    });
    setEnv({ ALLOYDB_EMULATOR_HOST: '' });
    try {
      await expect(whoAmI()).rejects.toMatchObject({
        code: 'CLOUDSQL_EMULATOR_REQUIRED',
        message: expect.stringContaining('ALLOYDB_EMULATOR_HOST'),
      });
    } finally {
      setEnv(cloud.env);
    }
    expect(await whoAmI()).toBe(appUser);
  });

  it('PSC, which the emulator does not have', async () => {
    await expect(whoAmI({ ipType: 'PSC' })).rejects.toMatchObject({
      code: 'CLOUDSQL_NO_ADDRESS',
      message: expect.stringContaining("The instance has: 'PRIVATE', 'PUBLIC'"),
    });
  });
});

describe('faults of an AlloyDB instance', () => {
  it.each([
    [
      'an expired server certificate',
      () => cloud.faults.server(primary, { expired: true }),
      'CLOUDSQL_SERVER_IDENTITY',
    ],
    ['a reset instead of an answer', () => cloud.faults.connections(primary, 'RESET_AFTER_HANDSHAKE'), 'ECONNRESET'],
    [
      'a missing address',
      () => cloud.faults.metadata(primary, { withoutAddresses: ['PRIVATE'] }),
      'CLOUDSQL_NO_ADDRESS',
    ],
    ['a refusing API', () => cloud.faults.api('connectionInfo', { status: 403 }), 'CLOUDSQL_PERMISSION_DENIED'],
  ])('%s ends a dial with an error, and the next one is good', async (_, set, code) => {
    await set();
    try {
      await expect(whoAmI()).rejects.toMatchObject({ code });
    } finally {
      await cloud.faults.clear();
    }
    expect(await whoAmI()).toBe(appUser);
  });

  it('include the rotation of its authority, after which a new connector logs in', async () => {
    await cloud.faults.rotateServerCa(primary);
    expect(await whoAmI()).toBe(appUser);
  });
});

describe('the variable ALLOYDB_EMULATOR_HOST', () => {
  it.each([
    ['another machine', { ALLOYDB_EMULATOR_HOST: '10.0.0.1:9010' }],
    ['no port', { ALLOYDB_EMULATOR_HOST: '127.0.0.1' }],
    ['Cloud Run', { ALLOYDB_EMULATOR_HOST: '127.0.0.1:9010', K_SERVICE: 'shop' }],
    ['production', { ALLOYDB_EMULATOR_HOST: '127.0.0.1:9010', NODE_ENV: 'production' }],
  ])('is refused with %s', (_, variables) => {
    setEnv({ CLOUDSQL_EMULATOR_HOST: '', ...variables });
    try {
      expect(() => new Connector()).toThrow(
        expect.objectContaining({
          code: 'CLOUDSQL_EMULATOR_REFUSED',
          message: expect.stringContaining('ALLOYDB_EMULATOR_HOST'),
        }),
      );
    } finally {
      vi.unstubAllEnvs();
      setEnv(cloud.env);
    }
  });

  it('contradicts explicit credentials and endpoints', () => {
    setEnv({ CLOUDSQL_EMULATOR_HOST: '' });
    for (const options of [{ credentials: { keyFile: 'key.json' } }, { endpoints: { alloyDb: 'https://a.example' } }]) {
      expect(() => new Connector(options)).toThrow(expect.objectContaining({ code: 'CLOUDSQL_CONFLICTING_OPTIONS' }));
    }
    setEnv(cloud.env);
  });
});

it('a hundred connections at once take one call for the address and one for the certificate', async () => {
  await using connector = new Connector();
  const pool = new pg.Pool(pgOptions({ instance: primary, database: 'orders', connector, max: 100 }));
  cloud.resetStatistics();
  const clients = await Promise.all(Array.from({ length: 100 }, () => pool.connect()));
  const { calls, connections } = cloud.statistics();
  expect(calls).toMatchObject({ connectionInfo: 1, generateClientCertificate: 1 });
  expect(calls.token).toBeLessThanOrEqual(2);
  expect(connections).toMatchObject({ open: 100, total: 100, tlsFailures: {} });
  const users = await Promise.all(clients.map((client) => client.query('select current_user as name')));
  expect(new Set(users.map(({ rows }) => rows[0].name))).toEqual(new Set([appUser]));
  for (const client of clients) client.release();
  await pool.end();
});

it('instances of one cluster share its certificates, and nothing else', async () => {
  await using connector = new Connector();
  const query = async (instance: string, sql: string): Promise<unknown[]> => {
    const client = new pg.Client(pgOptions({ instance, database: 'orders', connector }));
    await client.connect();
    const { rows } = await client.query(sql);
    await client.end();
    return rows;
  };
  await query(primary, 'create table here (id int)');
  const sql = `select count(*)::int as tables from pg_tables where tablename = 'here'`;
  expect(await query(primary, sql)).toEqual([{ tables: 1 }]);
  expect(await query(replica, sql)).toEqual([{ tables: 0 }]);
});

it('Knex migrates and writes', async () => {
  await using connector = new Connector();
  const db = knex(cloudSql({ client: 'pg', connection: { instance: primary, database: 'orders', connector } }));
  try {
    const migration = {
      up: (schema: typeof db) =>
        schema.schema.createTable('shoes', (table) => {
          table.increments();
          table.string('name');
        }),
      down: (schema: typeof db) => schema.schema.dropTable('shoes'),
    };
    const migrationSource = {
      getMigrations: async () => ['shoes'],
      getMigrationName: (name: string) => name,
      getMigration: async () => migration,
    };
    await db.migrate.latest({ migrationSource });
    await db('shoes').insert([{ name: 'left' }, { name: 'right' }]);
    expect(await db('shoes').orderBy('id')).toEqual([
      { id: 1, name: 'left' },
      { id: 2, name: 'right' },
    ]);
    expect(await db.migrate.currentVersion({ migrationSource })).toBe('shoes');
    await db.migrate.rollback({ migrationSource });
  } finally {
    await db.destroy();
  }
});
