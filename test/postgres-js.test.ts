import { once } from 'node:events';
import { type ConnectOptions, Connector } from '@x/cloudsql-core';
import { postgresOptions } from '@x/cloudsql-core/postgres';
import type { Emulator } from '@x/cloudsql-emulator';
import { drizzle } from '@x/drizzle-cloudsql/postgres-js';
import { sql as raw } from 'drizzle-orm';
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core';
import pg from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appUser, instance, native, setEnv, startCloud } from './cloud.ts';
import { until } from './local-client.ts';

let cloud: Emulator;

beforeAll(async () => {
  cloud = await startCloud();
  setEnv(cloud.env);
});

afterAll(() => cloud.close());

type Options = Parameters<typeof postgresOptions<object>>[0] & object;

/** postgres.js on the instance of the tests. */
function connect(options: object = {}): postgres.Sql {
  return postgres(postgresOptions({ instance, database: 'orders', max: 5, onnotice: () => {}, ...options } as Options));
}

/** Runs something with connections that are ended afterwards. */
async function using<T>(sql: postgres.Sql, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** Past Cloud SQL, as its administrator. */
async function admin(sql: string): Promise<void> {
  const client = new pg.Client(cloud.databaseUrl(instance, 'orders'));
  await client.connect();
  await client.query(sql).finally(() => client.end());
}

const killSessions = () => admin(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${appUser}'`);

const who = (sql: postgres.Sql) => sql`select current_user as user`.then(([row]) => row);

describe('postgres.js', () => {
  it('logs in as the IAM user, with the token as password, and as a user with a password', async () => {
    expect(await using(connect(), who)).toEqual({ user: appUser });
    expect(await using(connect({ authType: 'iam_manual' }), who)).toEqual({ user: appUser });
    expect(await using(connect({ user: native.name, password: async () => native.password }), who)).toEqual({
      user: 'native',
    });
  });

  it('takes the URL form, with parameters of the session', async () => {
    const url = `postgresql:///orders?instance=${instance}&application_name=from%20url`;
    const show = (sql: postgres.Sql) => sql`show application_name`.then(([row]) => row?.application_name);
    expect(await using(postgres(postgresOptions(url)), show)).toBe('from url');
    expect(await using(postgres(postgresOptions({ url, max: 2 })), show)).toBe('from url');
  });

  it('writes 40 rows at once on five connections, and commits and rolls back', async () => {
    cloud.resetStatistics();
    await using(connect(), async (sql) => {
      await sql`create table rows (n int primary key)`;
      await Promise.all(Array.from({ length: 40 }, (_, n) => sql`insert into rows values (${n})`));
      await sql.begin((transaction) => transaction`insert into rows values (100)`);
      const undone = sql.begin(async (transaction) => {
        await transaction`insert into rows values (200)`;
        throw new Error('changed my mind');
      });
      await expect(undone).rejects.toThrow('changed my mind');
      expect(await sql`select count(*)::int as count, max(n) as max from rows`).toEqual([{ count: 41, max: 100 }]);
      expect(cloud.statistics().connections.total).toBe(5);
    });
    await until(() => cloud.statistics().connections.open === 0);
  });

  it('reconnects when the server has ended idle connections', async () => {
    await using(connect(), async (sql) => {
      await Promise.all(Array.from({ length: 5 }, () => sql`select pg_sleep(0.05)`));
      await killSessions();
      await until(() => cloud.statistics().connections.open === 0);
      const everyone = () => Promise.all(Array.from({ length: 20 }, () => who(sql)));
      await expect.poll(() => everyone().catch(String)).toEqual(Array(20).fill({ user: appUser }));
    });
  });

  it('loses no connection for good when all are killed under load, time after time', async () => {
    await using(connect({ fetch_types: false }), async (sql) => {
      let working = true;
      const load = Array.from({ length: 4 }, async () => {
        while (working) await who(sql).catch(() => undefined);
      });
      for (let i = 0; i < 10; i++) {
        await killSessions();
        await expect.poll(() => who(sql).catch(String)).toEqual({ user: appUser });
      }
      working = false;
      await Promise.all(load);
    });
  });

  it('cancels a query', async () => {
    await using(connect(), async (sql) => {
      const slow = sql`select pg_sleep(20)`;
      setTimeout(() => slow.cancel(), 100);
      await expect(slow).rejects.toMatchObject({ code: '57014' });
      expect(await who(sql)).toEqual({ user: appUser });
    });
  });

  it('fails with our error, as often as it is asked, and forgets no connection over it', async () => {
    const sql = connect({ instance: 'demo-shop:europe-west1:missing', max: 2 });
    for (let attempt = 0; attempt < 5; attempt++) {
      await expect(who(sql)).rejects.toMatchObject({ code: 'CLOUDSQL_INSTANCE_NOT_FOUND' });
    }
    await sql.end();
  });

  it('ends a dial that takes longer than its own limit, and says what was being waited for', async () => {
    const sql = connect({ connect_timeout: 0.201 });
    await expect(who(sql)).rejects.toMatchObject({ code: 'CLOUDSQL_DIAL_TIMEOUT' });
    await sql.end();
  });

  it('gives a dial up when it is ended meanwhile', async () => {
    let dialled: AbortSignal | undefined;
    /** Does not answer before it is given up. */
    class SlowConnector extends Connector {
      override async connect(options: ConnectOptions): ReturnType<Connector['connect']> {
        dialled = options.signal;
        await once(dialled!, 'abort');
        return super.connect(options);
      }
    }
    await using connector = new SlowConnector();
    const sql = connect({ connector });
    const pending = who(sql).catch((error: unknown) => error);
    await until(() => dialled !== undefined);
    await sql.end({ timeout: 0 });
    expect(await pending).toMatchObject({ code: 'CONNECTION_DESTROYED' });
    expect(dialled?.aborted).toBe(true);
  });

  it.each([
    ['host', 'localhost'],
    ['hostname', 'localhost'],
    ['port', 5432],
    ['path', '/tmp'],
    ['ssl', 'require'],
    ['socket', () => {}],
    ['username', 'me'],
    ['pass', 'secret'],
    ['db', 'orders'],
  ])('refuses the option %s', (option, value) => {
    expect(() => connect({ [option]: value })).toThrow(expect.objectContaining({ code: 'CLOUDSQL_OWNED_OPTION' }));
  });

  it('refuses options that do not exist, and a limit that is none', () => {
    expect(() => connect({ idle_timeuot: 5 })).toThrow(/Did you mean `idle_timeout`/);
    expect(() => connect({ connect_timeout: '5' })).toThrow(/seconds/);
    expect(() => postgres(postgresOptions('postgresql://localhost/orders?instance=p:r:i'))).toThrow(/host/);
  });
});

describe('Drizzle on postgres.js', () => {
  const lines = pgTable('drizzle_lines', {
    id: serial('id').primaryKey(),
    item: text('item'),
    count: integer('count'),
  });

  it('reads and writes, and ends its connections when it is disposed of', async () => {
    await until(() => cloud.statistics().connections.open === 0);
    {
      await using db = drizzle({
        connection: { instance, database: 'orders', max: 3, onnotice: () => {} },
        schema: { lines },
      });
      await db.execute(raw`create table drizzle_lines (id serial primary key, item text, count int)`);
      await db.insert(lines).values([
        { item: 'tea', count: 2 },
        { item: 'cup', count: 1 },
      ]);
      const undone = db.transaction(async (transaction) => {
        await transaction.delete(lines);
        transaction.rollback();
      });
      await expect(undone).rejects.toThrow('Rollback');
      const found = await db.query.lines.findMany({ columns: { item: true }, orderBy: lines.id });
      expect(found).toEqual([{ item: 'tea' }, { item: 'cup' }]);
    }
    await until(() => cloud.statistics().connections.open === 0);
  });

  it('is told where options belong', () => {
    const misplaced = { instance, connection: { instance } } as unknown as Parameters<typeof drizzle>[0];
    expect(() => drizzle(misplaced)).toThrow(/belongs inside `connection`/);
    expect(() => drizzle({} as unknown as Parameters<typeof drizzle>[0])).toThrow(/`connection` is not set/);
  });
});
