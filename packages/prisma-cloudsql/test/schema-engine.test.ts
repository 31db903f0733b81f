import { readdirSync } from 'node:fs';
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

describe('one project through the commands', { timeout: 120_000 }, () => {
  test('generate works with nothing set', async () => {
    const { code, stdout, stderr } = await project.run(['generate']);
    expect(stdout).toContain('Generated Prisma Client (7.10.0)');
    expect(stderr).not.toContain('warning');
    expect(code).toBe(0);
  });

  test('migrate status says what is missing', async () => {
    const { code, stdout } = await cloud.prisma('migrate status');
    expect(stdout).toContain('20260101000000_create_orders');
    expect(code).toBe(1);
  });

  test('migrate deploy applies the migrations once', async () => {
    const first = await cloud.prisma('migrate deploy');
    expect(first.stdout).toContain('All migrations have been successfully applied.');
    expect(first.code).toBe(0);
    const second = await cloud.prisma('migrate deploy');
    expect(second.stdout).toContain('No pending migrations to apply.');
    expect(await cloud.query("select tableowner from pg_tables where tablename = 'orders'")).toEqual([[cloud.user]]);
  });

  test('migrate dev writes and applies a migration, and leaves no shadow database behind', async () => {
    project.write('prisma/schema.prisma', schema.replace('quantity Int', 'quantity Int\n  note     String?'));
    const { code, stdout } = await cloud.prisma('migrate dev --name add_note');
    expect(stdout).toContain('Your database is now in sync with your schema.');
    expect(code).toBe(0);
    expect(readdirSync(`${project.folder}/prisma/migrations`)).toContainEqual(expect.stringMatching(/^\d+_add_note$/));
    expect(await cloud.shadows()).toEqual([]);
  });

  test('migrate status finds nothing to do', async () => {
    expect((await cloud.prisma('migrate status')).stdout).toContain('Database schema is up to date!');
  });

  test('migrate diff compares the database, the migrations and the schema', async () => {
    const same = await cloud.prisma(
      'migrate diff --from-migrations prisma/migrations --to-schema prisma/schema.prisma --exit-code',
    );
    expect(same).toMatchObject({ code: 0, stdout: expect.stringContaining('No difference detected') });
    await cloud.query('alter table orders add column extra int');
    const other = await cloud.prisma(
      'migrate diff --from-config-datasource --to-schema prisma/schema.prisma --script --exit-code',
    );
    expect(other).toMatchObject({ code: 2, stdout: expect.stringContaining('DROP COLUMN "extra"') });
  });

  test('db pull describes the database', async () => {
    expect((await cloud.prisma('db pull --print')).stdout).toContain('extra    Int?');
  });

  test('migrate reset empties the database and applies the migrations', async () => {
    await cloud.query("insert into orders (item, quantity) values ('pen', 1)");
    expect(await cloud.prisma('migrate reset --force')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Database reset successful'),
    });
    expect(await cloud.query('select * from orders')).toEqual([]);
  });
});
