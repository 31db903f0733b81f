import { readdirSync } from 'node:fs';
import { pgOptions } from '@x/cloudsql-core/pg';
import { type Emulator, startEmulator } from '@x/cloudsql-emulator';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Outcome, PrismaProject, schema } from './prisma-project.ts';

const instance = 'demo-shop:europe-west1:orders';
const email = 'app@demo-shop.iam.gserviceaccount.com';
const user = 'app@demo-shop.iam';

let cloud: Emulator;
let project: PrismaProject;

beforeAll(async () => {
  cloud = await startEmulator({
    instances: [
      {
        name: instance,
        databases: ['orders', 'execute', 'schemas', 'shadow', 'broken', 'pushed'],
        users: [{ email, databaseRoles: ['cloudsqlsuperuser'] }, { email: 'guest@demo-shop.iam.gserviceaccount.com' }],
      },
    ],
    principals: [{ email }, { email: 'guest@demo-shop.iam.gserviceaccount.com' }],
  });
  for (const [name, value] of Object.entries(cloud.env)) vi.stubEnv(name, value);
  project = new PrismaProject();
}, 30_000);

afterAll(async () => {
  project.remove();
  await cloud.close();
});

const url = (database: string, login = '', more = ''): string =>
  `postgresql://${login && `${encodeURIComponent(login)}@`}/${database}?instance=${instance}${more}`;

function prisma(line: string, database = 'orders', env: Record<string, string> = {}, stdin = ''): Promise<Outcome> {
  return project.run(line.split(' '), { ...cloud.env, URL: url(database), ...env }, stdin);
}

async function query(sql: string, database = 'orders'): Promise<unknown[]> {
  const client = new pg.Client(pgOptions({ instance, database }));
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows;
  } finally {
    await client.end();
  }
}

const shadows = (): Promise<unknown[]> => query("select datname from pg_database where datname like 'prisma_migrate%'");

describe('one project through the commands', { timeout: 30_000 }, () => {
  test('generate works with nothing set', async () => {
    const { code, stdout, stderr } = await project.run(['generate']);
    expect(stdout).toContain('Generated Prisma Client (7.10.0)');
    expect(stderr).not.toContain('warning');
    expect(code).toBe(0);
  });

  test('migrate status says what is missing', async () => {
    const { code, stdout } = await prisma('migrate status');
    expect(stdout).toContain('20260101000000_create_orders');
    expect(code).toBe(1);
  });

  test('migrate deploy applies the migrations once', async () => {
    const first = await prisma('migrate deploy');
    expect(first.stdout).toContain('All migrations have been successfully applied.');
    expect(first.code).toBe(0);
    const second = await prisma('migrate deploy');
    expect(second.stdout).toContain('No pending migrations to apply.');
    expect(await query("select tableowner from pg_tables where tablename = 'orders'")).toEqual([[user]]);
  });

  test('migrate dev writes and applies a migration, and leaves no shadow database behind', async () => {
    project.write('prisma/schema.prisma', schema.replace('quantity Int', 'quantity Int\n  note     String?'));
    const { code, stdout } = await prisma('migrate dev --name add_note');
    expect(stdout).toContain('Your database is now in sync with your schema.');
    expect(code).toBe(0);
    expect(readdirSync(`${project.folder}/prisma/migrations`)).toContainEqual(expect.stringMatching(/^\d+_add_note$/));
    expect(await shadows()).toEqual([]);
  });

  test('migrate status finds nothing to do', async () => {
    expect((await prisma('migrate status')).stdout).toContain('Database schema is up to date!');
  });

  test('migrate diff compares the database, the migrations and the schema', async () => {
    const same = await prisma(
      'migrate diff --from-migrations prisma/migrations --to-schema prisma/schema.prisma --exit-code',
    );
    expect(same).toMatchObject({ code: 0, stdout: expect.stringContaining('No difference detected') });
    await query('alter table orders add column extra int');
    const other = await prisma(
      'migrate diff --from-config-datasource --to-schema prisma/schema.prisma --script --exit-code',
    );
    expect(other).toMatchObject({ code: 2, stdout: expect.stringContaining('DROP COLUMN "extra"') });
  });

  test('db pull describes the database', async () => {
    expect((await prisma('db pull --print')).stdout).toContain('extra    Int?');
  });

  test('migrate reset empties the database and applies the migrations', async () => {
    await query("insert into orders (item, quantity) values ('pen', 1)");
    expect(await prisma('migrate reset --force')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Database reset successful'),
    });
    expect(await query('select * from orders')).toEqual([]);
  });
});

describe('other commands', { timeout: 30_000 }, () => {
  test('migrate diff between files needs neither database nor credentials', async () => {
    const { code, stdout } = await project.run(
      'migrate diff --from-empty --to-schema prisma/schema.prisma --script'.split(' '),
    );
    expect(stdout).toContain('CREATE TABLE "orders"');
    expect(code).toBe(0);
  });

  test('db push makes the database what the schema says', async () => {
    const { stdout } = await prisma('db push', 'pushed');
    expect(stdout).toContain('Your database is now in sync with your Prisma schema.');
    expect(await query('select item from orders', 'pushed')).toEqual([]);
  });

  test('db execute sends a script as it is, semicolons in a function body too', async () => {
    const script =
      'create function two() returns int language plpgsql as $$ begin perform 1; return 2; end $$; select 1';
    const { code, stdout } = await prisma('db execute --stdin', 'execute', {}, script);
    expect(stdout).toContain('Script executed successfully.');
    expect(code).toBe(0);
    expect(await query('select two()', 'execute')).toEqual([[2]]);
  });

  test('the URL parameter schema names the schema, which is created', async () => {
    const { code } = await prisma('migrate deploy', '', { URL: url('schemas', user, '&schema=my%20shop') });
    expect(code).toBe(0);
    expect(await query('select item from "my shop".orders', 'schemas')).toEqual([]);
  });

  test('shadowDatabaseUrl is used instead of a database of our own', async () => {
    await query('create table rest (i int)', 'shadow');
    const { code } = await prisma('migrate dev', 'orders', { SHADOW_URL: url('shadow') });
    expect(code).toBe(0);
    expect(await query("select tablename from pg_tables where tablename in ('rest', 'orders')", 'shadow')).toEqual([
      ['orders'],
    ]);
  });

  test('a database that does not exist is created, with a user in the URL as well', async () => {
    const { code, stdout } = await prisma('migrate deploy', '', { URL: url('fresh', user) });
    expect(stdout).toContain('PostgreSQL database fresh created');
    expect(code).toBe(0);
    expect(await query('select item from orders', 'fresh')).toEqual([]);
  });
});

describe('errors', { timeout: 30_000 }, () => {
  test('a migration that fails is reported as Prisma does, with what the database says', async () => {
    project.writeMigration('20990101000000_bad', 'select 1;\nselect * from nowhere;\n');
    const { code, stderr } = await prisma('migrate deploy', 'broken');
    expect(stderr).toContain('P3018');
    expect(stderr).toContain('Migration name: 20990101000000_bad');
    expect(stderr).toContain('ERROR: relation "nowhere" does not exist');
    expect(stderr).toContain('  2 select * from nowhere;');
    expect(code).toBe(1);
    const dev = await prisma('migrate dev');
    expect(dev.stderr).toContain('P3006');
    expect(dev.stderr).toContain('ERROR: relation "nowhere" does not exist');
    expect(await shadows()).toEqual([]);
    project.removeMigration('20990101000000_bad');
  });

  test('a user who may not create databases is told what to do about migrate dev', async () => {
    await query(`grant all on database orders to "guest@demo-shop.iam"`);
    const { stderr } = await prisma('migrate diff --from-migrations prisma/migrations --to-empty', 'orders', {
      CLOUDSQL_EMULATOR_PRINCIPAL: 'guest@demo-shop.iam.gserviceaccount.com',
    });
    expect(stderr).toContain('P3014');
    expect(stderr).toContain('GRANT cloudsqlsuperuser');
  });

  test('a user who is refused gets P1000', async () => {
    const { code, stderr } = await prisma('migrate status', '', { URL: url('orders', 'stranger@demo-shop.iam') });
    expect(stderr).toContain('P1000');
    expect(code).toBe(1);
  });

  test('an instance that does not exist gets P1001 and the reason', async () => {
    const wrong = 'postgresql:///orders?instance=demo-shop:europe-west1:nothing';
    const { code, stderr } = await prisma('migrate deploy', '', { URL: wrong });
    expect(stderr).toContain('P1001');
    expect(stderr).toContain("Can't reach database server at `demo-shop:europe-west1:nothing`");
    expect(code).toBe(1);
  });

  test('a URL without an instance is refused', async () => {
    const { code, stderr } = await prisma('migrate deploy', '', {
      URL: 'postgresql://app:secret@localhost:5432/orders',
    });
    expect(stderr).toContain('P1013');
    expect(stderr).toContain('unset PRISMA_SCHEMA_ENGINE_BINARY');
    expect(stderr).not.toContain('secret');
    expect(code).toBe(1);
  });
});
