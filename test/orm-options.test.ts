import { Connector } from '@x/cloudsql-core';
import type { Emulator } from '@x/cloudsql-emulator';
import { drizzle } from '@x/drizzle-cloudsql';
import { drizzle as drizzlePostgresJs } from '@x/drizzle-cloudsql/postgres-js';
import { cloudSql as knexCloudSql } from '@x/knex-cloudsql';
import { PrismaCloudSql } from '@x/prisma-cloudsql';
import { cloudSql as sequelizeCloudSql } from '@x/sequelize-cloudsql';
import { cloudSql as typeormCloudSql } from '@x/typeorm-cloudsql';
import knex from 'knex';
import pg from 'pg';
import { DataTypes, Sequelize } from 'sequelize';
import { DataSource, EntitySchema } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { instance, setEnv, startCloud } from './cloud.ts';

// Options of the ORMs that mean something to the database: our adapters hand them on.

const database = 'orders';
let cloud: Emulator;
let connector: Connector;

beforeAll(async () => {
  cloud = await startCloud();
  setEnv(cloud.env);
  connector = new Connector();
  const db = knex(knexCloudSql({ client: 'pg', connection: { instance, database, connector } }));
  await db.raw(`create schema tenant; create table tenant.items (id int primary key, name text not null);
    insert into tenant.items values (1, 'theirs')`);
  await db.destroy();
});
afterAll(async () => {
  await connector.close();
  await cloud.close();
});

describe('a schema that is not `public`', () => {
  it('is found by Knex with `searchPath`', async () => {
    const connection = { instance, database, connector };
    const db = knex(knexCloudSql({ client: 'pg', connection, searchPath: ['tenant'] }));
    expect(await db('items').pluck('name')).toEqual(['theirs']);
    await db.destroy();
  });

  it('is found by Sequelize with the option `prependSearchPath` of its dialect', async () => {
    const dialectOptions = { prependSearchPath: true, application_name: 'shop' };
    const options = { dialect: 'postgres', instance, database, connector, logging: false, dialectOptions } as const;
    const sequelize = new Sequelize(sequelizeCloudSql(options));
    const Item = sequelize.define('items', { name: DataTypes.TEXT }, { timestamps: false });
    // Sequelize documents it, and has no type for it.
    const find: object = { raw: true, searchPath: 'tenant' };
    expect(await Item.findAll(find)).toEqual([{ id: 1, name: 'theirs' }]);
    expect(await sequelize.query('show application_name', { plain: true })).toEqual({ application_name: 'shop' });
    await sequelize.close();
  });

  it('is found by TypeORM with `schema`', async () => {
    const columns = { id: { type: 'int', primary: true }, name: { type: 'text' } } as const;
    const Item = new EntitySchema<{ id: number; name: string }>({ name: 'Item', tableName: 'items', columns });
    const options = { type: 'postgres', instance, database, connector, schema: 'tenant' } as const;
    const dataSource = await new DataSource(typeormCloudSql({ ...options, entities: [Item] })).initialize();
    expect(await dataSource.manager.find(Item)).toEqual([{ id: 1, name: 'theirs' }]);
    await dataSource.destroy();
  });

  it('is named to Prisma by the second argument', async () => {
    const adapter = await new PrismaCloudSql({ instance, database, connector }, { schema: 'tenant' }).connect();
    expect(adapter.getConnectionInfo()).toMatchObject({ schemaName: 'tenant' });
    await adapter.dispose();
  });
});

it('Sequelize sets `clientMinMessages`, or leaves it alone', async () => {
  for (const [clientMinMessages, client_min_messages] of [
    ['error', 'error'],
    ['ignore', 'notice'],
  ]) {
    const dialectOptions = { clientMinMessages };
    const options = { dialect: 'postgres', instance, database, connector, logging: false, dialectOptions } as const;
    const sequelize = new Sequelize(sequelizeCloudSql(options));
    expect(await sequelize.query('show client_min_messages', { plain: true })).toEqual({ client_min_messages });
    await sequelize.close();
  }
});

it('Sequelize takes the driver from `dialectModule`, as it has to where it is bundled', async () => {
  let clients = 0;
  class Client extends pg.Client {
    constructor(config: pg.ClientConfig) {
      super(config);
      clients++;
    }
  }
  const dialectModule = { ...pg, Client };
  const options = { dialect: 'postgres', instance, database, connector, logging: false, dialectModule } as const;
  const sequelize = new Sequelize(sequelizeCloudSql(options));
  await sequelize.authenticate();
  await sequelize.close();
  expect(clients).toBeGreaterThan(0);
});

it.each([
  ['node-postgres', drizzle],
  ['postgres.js', drizzlePostgresJs],
])('Drizzle on %s takes a URL and, after it, its own options', async (_, open) => {
  const logQuery = vi.fn();
  await using db = open(`postgresql:///${database}?instance=${instance}`, { logger: { logQuery } });
  await db.execute('select 1');
  expect(logQuery).toHaveBeenCalledWith('select 1', []);
});

it('TypeORM 0.3 is told to load mysql2, and not `mysql`, which would dial by itself', () => {
  const options = typeormCloudSql({ type: 'mysql', instance, database });
  expect(options).toMatchObject({ connectorPackage: 'mysql2' });
});
