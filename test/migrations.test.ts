import path from 'node:path';
import type { Emulator } from '@x/cloudsql-emulator';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startCloud } from './cloud.ts';
import { Project, section } from './documented.ts';

// The files and commands of docs/migrations.md, as they stand there.

const instance = 'my-project:europe-west1:orders';
const email = 'app@my-project.iam.gserviceaccount.com';
const modules = path.join(import.meta.dirname, 'node_modules');

let cloud: Emulator;

beforeAll(async () => {
  const users = [{ email, databaseRoles: ['cloudsqlsuperuser'] }];
  const addresses = process.platform === 'linux' ? {} : { addresses: { PRIMARY: '127.0.0.1', PRIVATE: '127.0.0.1' } };
  cloud = await startCloud({
    principals: [{ email }],
    instances: [{ name: instance, databases: ['orders'], users, ...addresses }],
  });
});

afterAll(() => cloud.close());

beforeEach(() => cloud.resetStatistics());

/** The tables that there are, past Cloud SQL. */
async function tables(): Promise<string[]> {
  const client = new pg.Client(cloud.databaseUrl(instance, 'orders'));
  await client.connect();
  try {
    const { rows } = await client.query(
      "select tablename, tableowner from pg_tables where schemaname in ('public', 'drizzle') order by 1",
    );
    return rows.map(({ tablename }) => tablename);
  } finally {
    await client.end();
  }
}

const up = `await knex.schema.createTable('knex_orders', (table) => table.increments());`;
const additions: Record<string, Record<string, string>> = {
  Knex: {
    'migrations/1_create.js': `export async function up(knex) { ${up} }
      export async function down(knex) { await knex.schema.dropTable('knex_orders'); }`,
  },
  TypeORM: {
    'migrations/create.ts': `export class Create1762000000000 {
      async up(runner: any) { await runner.query('create table typeorm_orders (id int)'); }
      async down(runner: any) { await runner.query('drop table typeorm_orders'); }
    }`,
  },
  Sequelize: {
    'migrations/1-create.cjs': `module.exports = {
      up: (query, { INTEGER }) => query.createTable('sequelize_orders', { id: INTEGER }),
      down: (query) => query.dropTable('sequelize_orders'),
    };`,
  },
  Drizzle: {
    'schema.ts': `import { pgTable, serial } from 'drizzle-orm/pg-core';
      export const orders = pgTable('drizzle_orders', { id: serial('id').primaryKey() });`,
  },
};

/** What is there after each command. */
const expected: Record<string, readonly string[][]> = {
  Knex: [
    ['knex_migrations', 'knex_migrations_lock', 'knex_orders'],
    ['knex_migrations', 'knex_migrations_lock'],
  ],
  TypeORM: [['migrations', 'typeorm_orders'], ['migrations']],
  Sequelize: [['SequelizeMeta', 'sequelize_orders'], ['SequelizeMeta']],
  Drizzle: [[], ['__drizzle_migrations', 'drizzle_orders'], ['__drizzle_migrations', 'drizzle_orders']],
};

describe.each(Object.keys(expected))('the section on %s', (heading) => {
  it('has files and commands that migrate through the connector and exit by themselves', {
    timeout: 60_000,
  }, async () => {
    const { files, commands } = section(heading);
    const project = new Project({ ...files, ...additions[heading] }, modules);
    const before = await tables();
    try {
      for (const [index, command] of commands.entries()) {
        const { code, output } = await project.run(command, cloud.env);
        expect({ command, code, output }).toEqual({ command, code: 0, output: expect.any(String) });
        const there = (await tables()).filter((table) => !before.includes(table));
        expect({ command, there, output }).toEqual({ command, there: expected[heading]?.[index], output });
      }
      expect(project.litter()).toEqual([]);
    } finally {
      project.remove();
    }
    const { connections } = cloud;
    const mine = connections.slice(-cloud.statistics().connections.total);
    expect(mine.length).toBeGreaterThan(0);
    for (const { user, ipType } of mine)
      expect({ user, ipType }).toEqual({ user: 'app@my-project.iam', ipType: 'PRIVATE' });
  });
});

describe('the section on the local listener', () => {
  it('has a program that runs and exits by itself', async () => {
    const project = new Project(section('The local listener').files, modules);
    try {
      const { code, output } = await project.run('npx node any-tool.ts', cloud.env);
      expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('postgresql://') });
      expect(project.litter()).toEqual([]);
    } finally {
      project.remove();
    }
  });
});
