import type { Emulator } from '@x/cloudsql-emulator';
import mysql, { type RowDataPacket } from 'mysql2/promise';
import { describe, expect, inject, it } from 'vitest';
import { codeTable, Project, section } from '../documented.ts';
import { mysqlUser, withoutMysql } from '../mysql-cloud.ts';
import { expectIamOverPrivate, instance, startGuideCloud } from './guide-cloud.ts';
import { guides, mysqlDrizzleSchema } from './guides.ts';

// The files of docs/migrations.md, changed as its section on MySQL says, and the commands as they stand there.

const changes = codeTable('MySQL');

/** What is there after each step, of those in `guides`. */
const expected: Readonly<Record<string, readonly (readonly string[])[]>> = {
  Knex: [
    ['knex_migrations', 'knex_migrations_lock', 'knex_orders'],
    ['knex_migrations', 'knex_migrations_lock'],
  ],
  TypeORM: [['migrations', 'typeorm_orders'], ['migrations'], ['migrations', 'typeorm_orders'], ['migrations']],
  Sequelize: [['SequelizeMeta', 'sequelize_orders'], ['SequelizeMeta']],
  Drizzle: [
    [],
    ['__drizzle_migrations', 'drizzle_orders'],
    ['__drizzle_migrations', 'drizzle_orders', 'drizzle_pushed'],
  ],
};

/** Asks the database, past Cloud SQL. */
async function tables(cloud: Emulator): Promise<string[]> {
  const client = await mysql.createConnection(cloud.databaseUrl(instance, 'orders'));
  try {
    const [rows] = await client.query<RowDataPacket[]>('show tables');
    return rows.map((row) => Object.values(row)[0] as string).sort();
  } finally {
    await client.end();
  }
}

it('the section says what to write for each ORM', () => {
  expect(Object.keys(changes)).toEqual(Object.keys(expected));
});

describe.skipIf(withoutMysql).each(Object.keys(expected))('the guide for %s', (name) => {
  it('migrates MySQL through the connector, too', async () => {
    const { heading, files, steps } = guides[name]!;
    const [before = '', after = ''] = changes[name] ?? [];
    const documented = Object.entries(section(heading).files).map(([file, text]) => {
      expect(text).toContain(before);
      return [file, text.replaceAll(before, after)];
    });
    await using cloud = await startGuideCloud('MYSQL_8_4');
    const own = name === 'Drizzle' ? { 'schema.ts': mysqlDrizzleSchema() } : files;
    const project = new Project({ ...Object.fromEntries(documented), ...own }, inject('modules'));
    try {
      for (const [index, { command, files: changed }] of steps.entries()) {
        if (changed) project.write({ 'schema.ts': mysqlDrizzleSchema('pushed') });
        const { code, output } = await project.run(command, cloud.env);
        const there = await tables(cloud);
        expect({ command, code, there, output }).toEqual({ command, code: 0, there: expected[name]?.[index], output });
      }
      expect(project.litter()).toEqual([]);
    } finally {
      project.remove();
    }
    expectIamOverPrivate(cloud, mysqlUser);
  });
});
