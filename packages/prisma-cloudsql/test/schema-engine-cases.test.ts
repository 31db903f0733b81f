import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PrismaCloud } from './prisma-cloud.ts';
import { PrismaProject, schema } from './prisma-project.ts';

const project = new PrismaProject();
let cloud: PrismaCloud;

beforeAll(async () => {
  cloud = await PrismaCloud.start(project);
});

afterAll(async () => {
  project.remove();
  await cloud.close();
});

describe.concurrent('other commands', { timeout: 120_000 }, () => {
  test('migrate diff between files needs neither database nor credentials', async () => {
    const { code, stdout } = await project.run(
      'migrate diff --from-empty --to-schema prisma/schema.prisma --script'.split(' '),
    );
    expect(stdout).toContain('CREATE TABLE "orders"');
    expect(code).toBe(0);
  });

  test('db push makes the database what the schema says', async () => {
    const { stdout } = await cloud.prisma('db push', 'pushed');
    expect(stdout).toContain('Your database is now in sync with your Prisma schema.');
    expect(await cloud.query('select item from orders', 'pushed')).toEqual([]);
  });

  test('db execute sends a script as it is, semicolons in a function body too', async () => {
    const script =
      'create function two() returns int language plpgsql as $$ begin perform 1; return 2; end $$; select 1';
    const { code, stdout } = await cloud.prisma('db execute --stdin', 'execute', {}, { stdin: script });
    expect(stdout).toContain('Script executed successfully.');
    expect(code).toBe(0);
    expect(await cloud.query('select two()', 'execute')).toEqual([[2]]);
  });

  test('the URL parameter schema names the schema, which is created', async () => {
    const { code } = await cloud.prisma('migrate deploy', '', {
      URL: cloud.url('schemas', cloud.user, '&schema=my%20shop'),
    });
    expect(code).toBe(0);
    expect(await cloud.query('select item from "my shop".orders', 'schemas')).toEqual([]);
  });

  test('shadowDatabaseUrl is used instead of a database of our own', async () => {
    await cloud.query('create table rest (i int)', 'shadow');
    const { code, stderr } = await cloud.prisma('migrate dev', 'orders', { SHADOW_URL: cloud.url('shadow') });
    expect(stderr).not.toContain('Error');
    expect(code).toBe(0);
    expect(
      await cloud.query("select tablename from pg_tables where tablename in ('rest', 'orders')", 'shadow'),
    ).toEqual([['orders']]);
  });

  test('migrate dev makes the first migration of a project', async () => {
    const young = new PrismaProject();
    young.removeMigration('20260101000000_create_orders');
    const { stderr } = await cloud.prisma('migrate dev --name init', 'first', {}, { project: young });
    expect(stderr).not.toContain('Error');
    expect(await cloud.query('select item from orders', 'first')).toEqual([]);
    young.remove();
  });

  test('migrate dev applies what is there and makes what is missing, in an empty database', async () => {
    const ahead = new PrismaProject();
    ahead.write('prisma/schema.prisma', schema.replace('quantity Int', 'quantity Int\n  note     String?'));
    const { stderr } = await cloud.prisma('migrate dev --name note', 'ahead', {}, { project: ahead });
    expect(stderr).not.toContain('Error');
    expect(await cloud.query('select note from orders', 'ahead')).toEqual([]);
    ahead.remove();
  });

  test('a database that does not exist is created, with a user in the URL as well', async () => {
    const { code, stdout } = await cloud.prisma('migrate deploy', '', { URL: cloud.url('fresh', cloud.user) });
    expect(stdout).toContain('PostgreSQL database fresh created');
    expect(code).toBe(0);
    expect(await cloud.query('select item from orders', 'fresh')).toEqual([]);
  });
});

describe.concurrent('errors', { timeout: 120_000 }, () => {
  test('a migration that fails is reported as Prisma does, with what the database says', async () => {
    const broken = new PrismaProject();
    broken.writeMigration('20990101000000_bad', 'select 1;\nselect * from nowhere;\n');
    const { code, stderr } = await cloud.prisma('migrate deploy', 'broken', {}, { project: broken });
    expect(stderr).toContain('P3018');
    expect(stderr).toContain('Migration name: 20990101000000_bad');
    expect(stderr).toContain('ERROR: relation "nowhere" does not exist');
    expect(stderr).toContain('  2 select * from nowhere;');
    expect(code).toBe(1);
    const dev = await cloud.prisma('migrate dev', 'dev', {}, { project: broken });
    expect(dev.stderr).toContain('P3006');
    expect(dev.stderr).toContain('ERROR: relation "nowhere" does not exist');
    broken.remove();
  });

  test('a user who may not create databases is told what to do about migrate dev', async () => {
    await cloud.query(`grant all on database orders to "guest@demo-shop.iam"`);
    const { stderr } = await cloud.prisma('migrate diff --from-migrations prisma/migrations --to-empty', 'orders', {
      CLOUDSQL_EMULATOR_PRINCIPAL: 'guest@demo-shop.iam.gserviceaccount.com',
    });
    expect(stderr).toContain('P3014');
    expect(stderr).toContain('GRANT cloudsqlsuperuser');
  });

  test('a user who is refused gets P1000', async () => {
    const { code, stderr } = await cloud.prisma('migrate status', '', {
      URL: cloud.url('orders', 'stranger@demo-shop.iam'),
    });
    expect(stderr).toContain('P1000');
    expect(code).toBe(1);
  });

  test('an instance that does not exist gets P1001 and the reason', async () => {
    const wrong = 'postgresql:///orders?instance=demo-shop:europe-west1:nothing';
    const { code, stderr } = await cloud.prisma('migrate deploy', '', { URL: wrong });
    expect(stderr).toContain('P1001');
    expect(stderr).toContain("Can't reach database server at `demo-shop:europe-west1:nothing`");
    expect(code).toBe(1);
  });

  test('a URL without an instance is refused', async () => {
    const { code, stderr } = await cloud.prisma('migrate deploy', '', {
      URL: 'postgresql://app:secret@localhost:5432/orders',
    });
    expect(stderr).toContain('P1013');
    expect(stderr).toContain('unset PRISMA_SCHEMA_ENGINE_BINARY');
    expect(stderr).not.toContain('secret');
    expect(code).toBe(1);
  });
});

test('none of them leaves a shadow database behind', async () => {
  expect(await cloud.shadows()).toEqual([]);
});
