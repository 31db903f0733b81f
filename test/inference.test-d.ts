import { PrismaPg } from '@prisma/adapter-pg';
import { Sequelize as Sequelize7 } from '@sequelize/core';
import { MySqlDialect } from '@sequelize/mysql';
import { PostgresDialect } from '@sequelize/postgres';
import { drizzle } from '@x/drizzle-cloudsql';
import { cloudSql as knexCloudSql } from '@x/knex-cloudsql';
import { PrismaCloudSql } from '@x/prisma-cloudsql';
import { cloudSql as sequelizeCloudSql } from '@x/sequelize-cloudsql';
import { cloudSql as sequelize7CloudSql } from '@x/sequelize-cloudsql/v7';
import { cloudSql as typeormCloudSql } from '@x/typeorm-cloudsql';
import { relations } from 'drizzle-orm';
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres';
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core';
import knex from 'knex';
import pg from 'pg';
import { type InferAttributes, type InferCreationAttributes, Model, type Options, Sequelize } from 'sequelize';
import { DataSource, type DataSourceOptions, EntitySchema } from 'typeorm';
import { expectTypeOf, it } from 'vitest';
import { PrismaClient } from '../examples/prisma/generated/client.ts';

// What an ORM infers of a database that was opened with our options, beside what it infers without us.

const connection = { instance: 'p:r:i', database: 'orders' } as const;

type PostgresConnectionOptions = Extract<DataSourceOptions, { type: 'postgres' }>;

interface Order {
  id: number;
  item: string;
}

it('Knex: the client, rows, inserts and transactions', () => {
  const ours = knex(knexCloudSql({ client: 'pg', connection }));
  const theirs = knex({ client: 'pg', connection: {} });
  expectTypeOf(ours).toEqualTypeOf(theirs);
  expectTypeOf(ours<Order>('orders').select('item')).toEqualTypeOf(theirs<Order>('orders').select('item'));
  expectTypeOf(ours<Order>('orders').insert({ item: 'a' }, 'id')).toEqualTypeOf(
    theirs<Order>('orders').insert({ item: 'a' }, 'id'),
  );
  expectTypeOf(ours.transaction<number>).toEqualTypeOf<typeof theirs.transaction<number>>();
});

it("TypeORM: its own options' type, entities and migrations in it, repositories and transactions", () => {
  const entity = new EntitySchema<Order>({ name: 'Order', columns: { id: { type: 'int' }, item: { type: 'text' } } });
  const options = typeormCloudSql({ type: 'postgres', ...connection, entities: [entity], poolSize: 5 });
  expectTypeOf(options).toEqualTypeOf<PostgresConnectionOptions>();
  const repository = new DataSource(options).getRepository(entity);
  expectTypeOf(repository.findOneByOrFail({ id: 1 })).resolves.toEqualTypeOf<Order>();
  type Given = Parameters<typeof typeormCloudSql>[0];
  expectTypeOf<Given['entities']>().toEqualTypeOf<PostgresConnectionOptions['entities']>();
  expectTypeOf<Given['migrations']>().toEqualTypeOf<PostgresConnectionOptions['migrations']>();
});

it("Sequelize: its own options' type, models and transactions", () => {
  class Item extends Model<InferAttributes<Item>, InferCreationAttributes<Item>> {
    declare id: number;
  }
  const options = sequelizeCloudSql({ dialect: 'postgres', ...connection, pool: { max: 5 }, logging: false });
  expectTypeOf(options).toEqualTypeOf<Options>();
  const ours = new Sequelize(options);
  expectTypeOf(ours.transaction(async () => 1)).resolves.toEqualTypeOf<number>();
  expectTypeOf(Item.findAll()).resolves.toEqualTypeOf<Item[]>();
  type Given = Parameters<typeof sequelizeCloudSql>[0];
  expectTypeOf<Given['define']>().toEqualTypeOf<Options['define']>();
  expectTypeOf<Given['hooks']>().toEqualTypeOf<Options['hooks']>();
});

it('Sequelize 7: the dialect, and its options', () => {
  const postgres = new Sequelize7(
    sequelize7CloudSql({ dialect: PostgresDialect, ...connection, application_name: 'shop', pool: { max: 5 } }),
  );
  expectTypeOf(postgres).toEqualTypeOf<Sequelize7<PostgresDialect>>();
  expectTypeOf(postgres.dialect).toEqualTypeOf<PostgresDialect>();
  const mysql = new Sequelize7(sequelize7CloudSql({ dialect: MySqlDialect, ...connection, showWarnings: true }));
  expectTypeOf(mysql).toEqualTypeOf<Sequelize7<MySqlDialect>>();
  expectTypeOf(postgres.transaction(async () => 1)).resolves.toEqualTypeOf<number>();
});

it('Drizzle: relations, joins, returned rows, transactions and the client', () => {
  const users = pgTable('users', { id: serial('id').primaryKey(), name: text('name').notNull() });
  const orders = pgTable('orders', { id: serial('id').primaryKey(), userId: integer('user_id') });
  const orderRelations = relations(orders, ({ one }) => ({
    user: one(users, { fields: [orders.userId], references: [users.id] }),
  }));
  const schema = { users, orders, orderRelations };
  const ours = drizzle({ connection, schema });
  const theirs = drizzlePg({ client: new pg.Pool(), schema });
  expectTypeOf(ours.query.orders.findMany({ with: { user: true } })).resolves.toEqualTypeOf<
    { id: number; userId: number | null; user: { id: number; name: string } | null }[]
  >();
  const join = ours
    .select()
    .from(orders)
    .leftJoin(users, () => undefined!);
  expectTypeOf(join).toEqualTypeOf(
    theirs
      .select()
      .from(orders)
      .leftJoin(users, () => undefined!),
  );
  expectTypeOf(ours.insert(users).values({ name: 'a' }).returning()).toEqualTypeOf(
    theirs.insert(users).values({ name: 'a' }).returning(),
  );
  expectTypeOf(ours.transaction<string>).toEqualTypeOf<typeof theirs.transaction<string>>();
  expectTypeOf(ours.$client).toEqualTypeOf(theirs.$client);
});

it('Prisma: the client, models, selections and transactions', () => {
  const ours = new PrismaClient({ adapter: new PrismaCloudSql({ ...connection, max: 5 }) });
  const theirs = new PrismaClient({ adapter: new PrismaPg({}) });
  expectTypeOf(ours).toEqualTypeOf(theirs);
  expectTypeOf(ours.order.findMany({ select: { item: true } })).resolves.toEqualTypeOf<{ item: string }[]>();
  expectTypeOf(ours.$transaction(async (tx) => tx.order.count())).resolves.toEqualTypeOf<number>();
});
