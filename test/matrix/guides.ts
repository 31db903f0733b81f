import path from 'node:path';
import { root } from './packed.ts';

/** A guide to an ORM's own migration command, and what its reader has besides. */
export interface Guide {
  readonly heading: string;
  /** @default 'docs/migrations.md' */
  readonly page?: string;
  /** Files that are the reader's own. */
  readonly files: Readonly<Record<string, string>>;
  /** At least every command that the guide shows. */
  readonly steps: readonly Step[];
  readonly env?: Readonly<Record<string, string>>;
  /** What the guide says that the database user must be able to do, beyond creating tables. */
  readonly rights?: 'CREATEDB';
}

interface Step {
  readonly command: string;
  /** What is in the database after it. */
  readonly tables: readonly string[];
  /** What the reader changes before it. */
  readonly files?: Readonly<Record<string, string>>;
}

const knexMigration = `export async function up(knex) {
  await knex.schema.createTable('knex_orders', (table) => table.increments());
}
export async function down(knex) { await knex.schema.dropTable('knex_orders'); }`;

const typeormMigration = `export class Create1762000000000 {
  async up(runner: any) { await runner.query('create table typeorm_orders (id int)'); }
  async down(runner: any) { await runner.query('drop table typeorm_orders'); }
}`;

const sequelizeMigration = `module.exports = {
  up: (query, { INTEGER }) => query.createTable('sequelize_orders', { id: INTEGER }),
  down: (query) => query.dropTable('sequelize_orders'),
};`;

const drizzleSchema = (...columns: string[]): string => `import { pgTable, serial, text } from 'drizzle-orm/pg-core';
  export const orders = pgTable('drizzle_orders', { id: serial('id').primaryKey() });
  ${columns.join('\n')}`;

/** The same for MySQL, with more tables. */
export const mysqlDrizzleSchema = (
  ...more: string[]
): string => `import { int, mysqlTable } from 'drizzle-orm/mysql-core';
  ${['orders', ...more]
    .map((name) => `export const ${name} = mysqlTable('drizzle_${name}', { id: int('id').primaryKey() });`)
    .join('\n')}`;

const prismaSchema = (...models: string[]): string => `datasource db {
  provider = "postgresql"
}
${['orders', ...models].map((name) => `model ${name} {\n  id Int @id @default(autoincrement())\n}`).join('\n')}`;

const prismaFiles = { 'prisma/schema.prisma': prismaSchema() };
const prismaSteps: readonly Step[] = [
  { command: 'npx prisma migrate dev --name create_orders', tables: ['_prisma_migrations', 'orders'] },
  { command: 'npx prisma migrate deploy', tables: ['_prisma_migrations', 'orders'] },
  { command: 'npx prisma migrate status', tables: ['_prisma_migrations', 'orders'] },
  {
    command: 'npx prisma db push',
    tables: ['_prisma_migrations', 'orders', 'pushed'],
    files: { 'prisma/schema.prisma': prismaSchema('pushed') },
  },
  { command: 'npx prisma db pull', tables: ['_prisma_migrations', 'orders', 'pushed'] },
  { command: 'npx prisma migrate reset --force', tables: ['_prisma_migrations', 'orders'] },
];
const quiet = { CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' };

export const guides: Readonly<Record<string, Guide>> = {
  Knex: {
    heading: 'Knex',
    files: { 'migrations/1_create.js': knexMigration },
    steps: [
      { command: 'npx knex migrate:latest', tables: ['knex_migrations', 'knex_migrations_lock', 'knex_orders'] },
      { command: 'npx knex migrate:rollback', tables: ['knex_migrations', 'knex_migrations_lock'] },
    ],
  },
  TypeORM: {
    heading: 'TypeORM',
    files: {
      'migrations/create.ts': typeormMigration,
      'promised.ts': `import { dataSource } from './data-source.ts';
        export const promised = new Promise((resolve) => setTimeout(resolve, 10, dataSource));`,
    },
    steps: [
      { command: 'npx typeorm migration:run -d data-source.ts', tables: ['migrations', 'typeorm_orders'] },
      { command: 'npx typeorm migration:revert -d data-source.ts', tables: ['migrations'] },
      { command: 'npx typeorm migration:run -d promised.ts', tables: ['migrations', 'typeorm_orders'] },
      { command: 'npx typeorm migration:revert -d promised.ts', tables: ['migrations'] },
    ],
  },
  Sequelize: {
    heading: 'Sequelize',
    files: { 'migrations/1-create.cjs': sequelizeMigration },
    steps: [
      {
        command: 'npx sequelize-cli db:migrate --config config/config.cjs',
        tables: ['SequelizeMeta', 'sequelize_orders'],
      },
      { command: 'npx sequelize-cli db:migrate:undo --config config/config.cjs', tables: ['SequelizeMeta'] },
    ],
  },
  Drizzle: {
    heading: 'Drizzle',
    files: { 'schema.ts': drizzleSchema() },
    steps: [
      { command: 'npx drizzle-kit generate', tables: [] },
      { command: 'npx drizzle-kit migrate', tables: ['__drizzle_migrations', 'drizzle_orders'] },
      {
        command: 'npx drizzle-kit push --force',
        tables: ['__drizzle_migrations', 'drizzle_orders', 'drizzle_pushed'],
        files: {
          'schema.ts': drizzleSchema("export const pushed = pgTable('drizzle_pushed', { name: text('name') });"),
        },
      },
    ],
  },
  Prisma: {
    heading: 'Prisma',
    files: prismaFiles,
    steps: prismaSteps,
    rights: 'CREATEDB',
    // In the place of the engine that Prisma downloads: it, too, knows nothing but a URL.
    env: {
      ...quiet,
      PRISMA_SCHEMA_ENGINE_BINARY: path.join(root, 'packages/prisma-cloudsql/test/url-engine.ts'),
    },
  },
  "Prisma without Prisma's engine": {
    heading: "Migrations without Prisma's engine (experimental)",
    page: 'packages/prisma-cloudsql/README.md',
    files: prismaFiles,
    steps: prismaSteps,
    env: quiet,
  },
};
