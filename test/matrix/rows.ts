/** A program that is run with several versions of what it depends on. */
export interface Row {
  /** The package of ours whose peers it proves. */
  readonly package: string;
  /** A folder of `examples/`, or a file of `programs/`. */
  readonly program: string;
  /**
   * The versions of each column but the last, which has the newest of everything. What a column does not name is the
   * newest, too.
   */
  readonly older: Readonly<Record<string, Versions>>;
  /** The packages in question. */
  readonly packages: readonly string[];
  /** What a program of `programs/` needs besides. */
  readonly besides?: readonly string[];
  /** Of SQL Server there is a stand-in, which lets clients log in and answers one SELECT. @default 'POSTGRES' */
  readonly engine?: Engine;
  /** Credentials of Google's library instead of the emulator's own. */
  readonly googleAuth?: true;
}

export type Engine = 'POSTGRES' | 'MYSQL' | 'SQLSERVER';

/** Exact versions by package. */
export type Versions = Readonly<Record<string, string>>;

const oldestPg = { pg: '8.9.0' };
const oldestMysql2 = { mysql2: '3.0.0' };

/** Some of each major in between. */
const olderTedious = {
  'first 17': { tedious: '17.0.0' },
  'last 18': { tedious: '18.6.1' },
  'last 19': { tedious: '19.2.2' },
};

export const rows: Readonly<Record<string, Row>> = {
  knex: {
    package: '@x/knex-cloudsql',
    program: 'examples/knex',
    packages: ['knex', 'pg'],
    older: {
      oldest: { knex: '2.0.0', ...oldestPg },
      'last 2': { knex: '2.5.1' },
      'first 3': { knex: '3.0.1' },
    },
  },
  typeorm: {
    package: '@x/typeorm-cloudsql',
    program: 'examples/typeorm',
    packages: ['typeorm', 'pg'],
    older: {
      oldest: { typeorm: '0.3.20', ...oldestPg },
      'last 0': { typeorm: '0.3.31' },
      'first 1': { typeorm: '1.0.0' },
    },
  },
  sequelize: {
    package: '@x/sequelize-cloudsql',
    program: 'examples/sequelize',
    packages: ['sequelize', 'pg'],
    older: { oldest: { sequelize: '6.36.0', ...oldestPg } },
  },
  'sequelize 7': {
    package: '@x/sequelize-cloudsql',
    program: 'sequelize-7',
    packages: ['@sequelize/core', '@sequelize/postgres'],
    besides: ['pg'],
    older: { oldest: { '@sequelize/core': '7.0.0-alpha.40', '@sequelize/postgres': '7.0.0-alpha.40' } },
  },
  'drizzle, pg': {
    package: '@x/drizzle-cloudsql',
    program: 'examples/drizzle',
    packages: ['drizzle-orm', 'pg'],
    older: { oldest: { 'drizzle-orm': '0.35.0', ...oldestPg } },
  },
  'drizzle, postgres.js': {
    package: '@x/drizzle-cloudsql',
    program: 'drizzle-postgres-js',
    packages: ['drizzle-orm', 'postgres'],
    older: { oldest: { 'drizzle-orm': '0.35.0', postgres: '3.3.0' } },
  },
  prisma: {
    package: '@x/prisma-cloudsql',
    program: 'examples/prisma',
    packages: ['@prisma/adapter-pg', '@prisma/client', 'prisma'],
    older: { oldest: { '@prisma/adapter-pg': '7.0.0', '@prisma/client': '7.0.0', prisma: '7.0.0' } },
  },
  'prisma, pg': {
    package: '@x/prisma-cloudsql',
    program: 'prisma-pg',
    packages: ['@prisma/adapter-pg'],
    older: { oldest: { '@prisma/adapter-pg': '7.0.0' } },
  },
  kysely: {
    package: '@x/cloudsql-core',
    program: 'examples/kysely',
    packages: ['kysely', 'pg'],
    older: { oldest: { kysely: '0.27.0', ...oldestPg } },
  },
  'mikro-orm': {
    package: '@x/cloudsql-core',
    program: 'examples/mikro-orm',
    packages: ['@mikro-orm/core', '@mikro-orm/postgresql'],
    older: { oldest: { '@mikro-orm/core': '7.1.9', '@mikro-orm/postgresql': '7.1.9' } },
  },
  pg: {
    package: '@x/cloudsql-core',
    program: 'pg',
    packages: ['pg'],
    older: { oldest: oldestPg },
  },
  'postgres.js': {
    package: '@x/cloudsql-core',
    program: 'postgres',
    packages: ['postgres'],
    older: { oldest: { postgres: '3.3.0' } },
  },
  'knex, tedious': {
    package: '@x/knex-cloudsql',
    program: 'sql-server-knex',
    packages: ['knex', 'tedious'],
    older: { oldest: { knex: '2.0.0', tedious: '16.1.0' }, ...olderTedious },
    engine: 'SQLSERVER',
  },
  'sequelize, tedious': {
    package: '@x/sequelize-cloudsql',
    program: 'sql-server-sequelize',
    packages: ['sequelize', 'tedious'],
    older: { oldest: { sequelize: '6.36.0', tedious: '16.1.0' }, ...olderTedious },
    engine: 'SQLSERVER',
  },
  'typeorm, mssql': {
    package: '@x/typeorm-cloudsql',
    program: 'sql-server-typeorm',
    packages: ['typeorm', 'mssql'],
    older: { oldest: { typeorm: '0.3.20', mssql: '10.0.0' }, 'last 11': { typeorm: '0.3.31', mssql: '11.0.1' } },
    engine: 'SQLSERVER',
  },
  'prisma, mssql': {
    package: '@x/prisma-cloudsql',
    program: 'sql-server-prisma',
    packages: ['@prisma/adapter-mssql'],
    besides: ['@types/mssql'],
    older: { oldest: { '@prisma/adapter-mssql': '7.0.1' } },
    engine: 'SQLSERVER',
  },
  'google-auth-library': {
    package: '@x/cloudsql-core',
    program: 'google-auth',
    packages: ['google-auth-library'],
    besides: ['pg'],
    older: {
      'oldest 9': { 'google-auth-library': '9.15.0' },
      'first 10': { 'google-auth-library': '10.0.0' },
      'first 11': { 'google-auth-library': '11.0.0' },
    },
    googleAuth: true,
  },
  mysql2: {
    package: '@x/cloudsql-core',
    program: 'mysql2',
    engine: 'MYSQL',
    packages: ['mysql2'],
    older: { oldest: oldestMysql2 },
  },
  mariadb: {
    package: '@x/cloudsql-core',
    program: 'mariadb',
    engine: 'MYSQL',
    packages: ['mariadb'],
    older: { oldest: { mariadb: '3.0.0' } },
  },
  'knex, mysql2': {
    package: '@x/knex-cloudsql',
    program: 'knex-mysql2',
    engine: 'MYSQL',
    packages: ['knex', 'mysql2'],
    older: { oldest: { knex: '2.0.0', ...oldestMysql2 } },
  },
  'typeorm, mysql2': {
    package: '@x/typeorm-cloudsql',
    program: 'typeorm-mysql',
    engine: 'MYSQL',
    packages: ['typeorm', 'mysql2'],
    older: { oldest: { typeorm: '0.3.20', ...oldestMysql2 } },
  },
  'sequelize, mysql2': {
    package: '@x/sequelize-cloudsql',
    program: 'sequelize-mysql',
    engine: 'MYSQL',
    packages: ['sequelize', 'mysql2'],
    older: { oldest: { sequelize: '6.36.0', ...oldestMysql2 } },
  },
  'drizzle, mysql2': {
    package: '@x/drizzle-cloudsql',
    program: 'drizzle-mysql2',
    engine: 'MYSQL',
    packages: ['drizzle-orm', 'mysql2'],
    older: { oldest: { 'drizzle-orm': '0.35.0', ...oldestMysql2 } },
  },
  'prisma, mariadb': {
    package: '@x/prisma-cloudsql',
    program: 'prisma-mysql',
    engine: 'MYSQL',
    packages: ['@prisma/adapter-mariadb'],
    older: { oldest: { '@prisma/adapter-mariadb': '7.0.0' } },
  },
};
