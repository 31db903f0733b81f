import { PrismaPg } from '@prisma/adapter-pg';
import { Connector } from '@x/cloudsql-core';
import { mysql2Options } from '@x/cloudsql-core/mysql2';
import { pgOptions } from '@x/cloudsql-core/pg';
import { postgresOptions } from '@x/cloudsql-core/postgres';
import type { Emulator } from '@x/cloudsql-emulator';
import { type DrizzleCloudSqlConfig, drizzle } from '@x/drizzle-cloudsql';
import { type DrizzleCloudSqlConfig as DrizzleMysqlConfig, drizzle as drizzleMysql } from '@x/drizzle-cloudsql/mysql2';
import { cloudSql as knexCloudSql } from '@x/knex-cloudsql';
import { PrismaCloudSql } from '@x/prisma-cloudsql';
import { PrismaCloudSql as PrismaMysql } from '@x/prisma-cloudsql/mysql';
import { cloudSql as sequelizeCloudSql } from '@x/sequelize-cloudsql';
import { cloudSql as typeormCloudSql } from '@x/typeorm-cloudsql';
import knex from 'knex';
import mysql from 'mysql2/promise';
import pg from 'pg';
import postgres from 'postgres';
import { Sequelize } from 'sequelize';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { appUser, instance, setEnv, startCloud } from './cloud.ts';
import { closeTraps, openTraps, type Traps } from './localhost-traps.ts';

// The ways in which people put right options in the wrong place. With Google's connector the driver then finds no
// stream, and dials a database on localhost in clear text, without a word.

let cloud: Emulator;
let traps: Traps;
let connector: Connector;

beforeAll(async () => {
  cloud = await startCloud();
  traps = await openTraps();
  // Where no address is set, pg and postgres.js go to these.
  setEnv({ ...cloud.env, PGHOST: '127.0.0.1', PGPORT: String(traps.port) });
  connector = new Connector();
});

beforeEach(() => {
  traps.visits.length = 0;
});

afterAll(async () => {
  await connector.close();
  await closeTraps(traps);
  await cloud.close();
});

const local = 'postgresql://localhost/orders';
const bypassed = /cloudsql-connector-bypassed\.invalid/;
const target = (): { instance: string; database: string; connector: Connector } => ({
  instance,
  database: 'orders',
  connector,
});

/** Asks a Sequelize who is logged in. */
async function askSequelize(sequelize: Sequelize): Promise<unknown> {
  try {
    const [rows] = await sequelize.query('select current_user as name');
    return rows[0];
  } finally {
    await sequelize.close();
  }
}

async function askTypeorm(dataSource: DataSource): Promise<unknown> {
  await dataSource.initialize();
  try {
    const [row] = await dataSource.query('select current_user as name');
    return row;
  } finally {
    await dataSource.destroy();
  }
}

async function askKnex(config: object): Promise<unknown> {
  const db = knex({ pool: { min: 0 }, acquireConnectionTimeout: 3000, log: { error() {} }, ...config });
  try {
    return (await db.raw('select current_user as name')).rows[0];
  } finally {
    await db.destroy();
  }
}

async function askPostgres(...args: Parameters<typeof postgres>): Promise<unknown> {
  const sql = postgres(...args);
  try {
    const [row] = await sql`select current_user as name`;
    return { ...row };
  } finally {
    await sql.end({ timeout: 1 });
  }
}

async function askPg(config: object): Promise<unknown> {
  const client = new pg.Client(config);
  await client.connect();
  try {
    return (await client.query('select current_user as name')).rows[0];
  } finally {
    await client.end();
  }
}

async function askMysql(config: object): Promise<unknown> {
  const connection = await mysql.createConnection(config);
  await connection.end();
  return undefined;
}

/** Options that no compiler would let pass. */
const wrong = <T>(options: object): T => options as T;

describe('the traps notice', () => {
  it('pg, whose stream is one level too deep', async () => {
    await expect(askPg({ config: pgOptions(target()) })).rejects.toThrow();
    expect(traps.visits).toEqual([traps.port]);
  });

  it('Sequelize, whose stream is not among the options of the dialect', async (context) => {
    if (traps.missing) context.skip(traps.missing);
    const { stream } = pgOptions(target());
    await expect(askSequelize(new Sequelize(wrong({ dialect: 'postgres', logging: false, stream })))).rejects.toThrow();
    expect(traps.visits).toEqual([5432]);
  });
});

describe('is refused, and nothing reaches localhost', () => {
  it.each<[string, () => unknown, RegExp]>([
    [
      "Sequelize: a driver's options among its own, as Sequelize 7 has them",
      () => askSequelize(new Sequelize({ dialect: 'postgres', logging: false, ...wrong(pgOptions(target())) })),
      bypassed,
    ],
    [
      'Sequelize: an instance without the adapter, through a URL of its own',
      () => sequelizeCloudSql(wrong({ dialect: 'postgres', url: local })),
      /has no parameter `instance`/,
    ],
    [
      'Sequelize: a host',
      () => sequelizeCloudSql(wrong({ dialect: 'postgres', ...target(), host: 'localhost' })),
      /host/,
    ],
    [
      'Sequelize: a host among the options of the driver',
      () => sequelizeCloudSql({ dialect: 'postgres', ...target(), dialectOptions: { host: 'localhost' } }),
      /host/,
    ],
    [
      "TypeORM: a driver's options among its own instead of in `extra`",
      () => askTypeorm(new DataSource({ type: 'postgres', ...wrong<object>(pgOptions(target())) })),
      bypassed,
    ],
    [
      'TypeORM: a URL beside the options',
      () => askTypeorm(new DataSource({ ...typeormCloudSql({ type: 'postgres', ...target() }), url: local })),
      /no PostgreSQL user name specified/,
    ],
    ['TypeORM: a host', () => typeormCloudSql(wrong({ type: 'postgres', ...target(), host: 'localhost' })), /host/],
    [
      'TypeORM: a host in `extra`',
      () => typeormCloudSql({ type: 'postgres', ...target(), extra: { host: 'localhost' } }),
      /host/,
    ],
    [
      'TypeORM: the host of a replica',
      () =>
        typeormCloudSql(
          wrong({ type: 'postgres', replication: { master: target(), slaves: [{ host: 'localhost' }] } }),
        ),
      /host/,
    ],
    [
      'Sequelize: the host of a replica',
      () =>
        sequelizeCloudSql(
          wrong({ dialect: 'postgres', replication: { write: target(), read: [{ host: 'localhost' }] } }),
        ),
      /host/,
    ],
    ["Knex: a driver's options beside `connection`", () => askKnex({ client: 'pg', ...pgOptions(target()) }), /./],
    ['Knex: the instance beside `connection`', () => knexCloudSql(wrong({ client: 'pg', ...target() })), /instance/],
    [
      'Knex: a host in `connection`',
      () => knexCloudSql({ client: 'pg', connection: wrong({ ...target(), host: 'localhost' }) }),
      /host/,
    ],
    ['Knex: a URL of a local database', () => knexCloudSql({ client: 'pg', connection: local }), /instance/],
    [
      'Drizzle: the instance beside `connection`',
      () => drizzle(wrong<DrizzleCloudSqlConfig>({ ...target(), schema: {} })),
      /instance/,
    ],
    ['Drizzle: a client of its own', () => drizzle(wrong<DrizzleCloudSqlConfig>({ client: new pg.Pool() })), /client/],
    [
      'Drizzle: a host in `connection`',
      () => drizzle({ connection: wrong({ ...target(), host: 'localhost' }) }),
      /host/,
    ],
    ['Prisma: the options one level too deep', () => new PrismaCloudSql(wrong({ connection: target() })), /connection/],
    ['Prisma: a URL of a local database', () => new PrismaCloudSql(local), /instance/],
    ['Prisma: a host', () => new PrismaCloudSql(wrong({ ...target(), host: 'localhost' })), /host/],
    [
      "Sequelize: mysql2's options among its own",
      () => askSequelize(new Sequelize({ dialect: 'mysql', logging: false, ...wrong(mysql2Options(target())) })),
      bypassed,
    ],
    [
      "TypeORM: mysql2's options among its own instead of in `extra`",
      () =>
        askTypeorm(new DataSource({ type: 'mysql', ...wrong<object>({ ...mysql2Options(target()), user: 'app' }) })),
      bypassed,
    ],
    [
      "Knex: mysql2's options without their stream",
      () => askKnex({ client: 'mysql2', connection: { ...mysql2Options(target()), stream: undefined } }),
      bypassed,
    ],
    [
      'Knex: a socket of a local MySQL',
      () => knexCloudSql({ client: 'mysql2', connection: wrong({ ...target(), socketPath: '/run/mysqld.sock' }) }),
      /socketPath/,
    ],
    ['Prisma: the URL of a local MySQL', () => new PrismaMysql('mysql://root@localhost/orders'), /instance/],
    ['Drizzle: a client of its own on mysql2', () => drizzleMysql(wrong<DrizzleMysqlConfig>({ client: {} })), /client/],
    ["postgres.js: pg's options", () => askPostgres(wrong({ ...pgOptions(target()), max: 1 })), bypassed],
    [
      'mysql2: its options without their stream',
      () => askMysql({ ...mysql2Options(target()), stream: undefined }),
      bypassed,
    ],
    ['pg: its options without their stream', () => askPg({ ...pgOptions(target()), stream: undefined }), bypassed],
  ])('%s', async (_, attempt, message) => {
    await expect((async () => attempt())()).rejects.toThrow(message);
    expect(traps.visits).toEqual([]);
  });
});

describe('goes through the connector all the same', () => {
  it.each<[string, () => Promise<unknown>]>([
    [
      'Sequelize: a URL before the options',
      () =>
        askSequelize(
          new Sequelize(local, { logging: false, ...sequelizeCloudSql({ dialect: 'postgres', ...target() }) }),
        ),
    ],
    [
      'Knex: a host beside the options',
      () => askKnex({ client: 'pg', connection: { ...pgOptions(target()), host: 'localhost', port: 5432 } }),
    ],
    ['pg: a host beside the options', () => askPg({ ...pgOptions(target()), host: 'localhost', port: 5432 })],
    [
      'postgres.js: a URL before the options',
      () => askPostgres(local, wrong({ ...postgresOptions(target()), max: 1 })),
    ],
    [
      'Prisma: the options of pg, in its own adapter',
      async () => {
        const adapter = await new PrismaPg(pgOptions(target())).connect();
        const { rows } = await adapter.queryRaw({ sql: 'select current_user::text', args: [], argTypes: [] });
        await adapter.dispose();
        return { name: rows[0]?.[0] };
      },
    ],
  ])('%s', async (_, ask) => {
    expect(await ask()).toEqual({ name: appUser });
    expect(traps.visits).toEqual([]);
  });
});

describe('is understood', () => {
  it.each([{ authType: 'iam' }, { ipType: 'private' }, { authType: 'Iam', ipType: 'Public' }])(
    '%j',
    async (options) => {
      expect(await askPg(pgOptions({ ...target(), ...options }))).toEqual({ name: appUser });
    },
  );
});
