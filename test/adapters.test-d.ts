import type { PrismaMariaDb } from '@prisma/adapter-mariadb';
import type { PrismaPg } from '@prisma/adapter-pg';
import { pgOptions } from '@x/cloudsql-core/pg';
import { postgresOptions } from '@x/cloudsql-core/postgres';
import { drizzle } from '@x/drizzle-cloudsql';
import { drizzle as drizzleMysql2 } from '@x/drizzle-cloudsql/mysql2';
import { drizzle as drizzlePostgresJs } from '@x/drizzle-cloudsql/postgres-js';
import { cloudSql as knexCloudSql } from '@x/knex-cloudsql';
import { PrismaCloudSql } from '@x/prisma-cloudsql';
import { PrismaCloudSql as PrismaCloudSqlMysql } from '@x/prisma-cloudsql/mysql';
import { cloudSql as sequelizeCloudSql } from '@x/sequelize-cloudsql';
import { cloudSql as typeormCloudSql } from '@x/typeorm-cloudsql';
import { serial as mysqlSerial, mysqlTable } from 'drizzle-orm/mysql-core';
import { drizzle as drizzleMysql } from 'drizzle-orm/mysql2';
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres';
import { pgTable, serial, text } from 'drizzle-orm/pg-core';
import { drizzle as drizzlePostgres } from 'drizzle-orm/postgres-js';
import knex from 'knex';
import mysql from 'mysql2/promise';
import pg from 'pg';
import postgres from 'postgres';
import { Sequelize } from 'sequelize';
import { DataSource } from 'typeorm';
import { expectTypeOf, it } from 'vitest';

const instance = 'p:r:i';
const database = 'orders';
const orders = pgTable('orders', { id: serial('id').primaryKey(), item: text('item') });
const schema = { orders };

it("gives each ORM its own options' type", () => {
  expectTypeOf(knex).toBeCallableWith(knexCloudSql({ client: 'pg', connection: { instance, database } }));
  expectTypeOf(DataSource).toBeConstructibleWith(
    typeormCloudSql({ type: 'postgres', instance, database, entities: [] }),
  );
  expectTypeOf(Sequelize).toBeConstructibleWith(sequelizeCloudSql({ dialect: 'postgres', instance, database }));
  expectTypeOf(pg.Pool).toBeConstructibleWith(pgOptions({ instance, database, max: 5 }));
  expectTypeOf(new PrismaCloudSql({ instance, database, max: 5 })).toExtend<PrismaPg>();
});

it("keeps Drizzle's inference of schema, rows and client", () => {
  const ours = drizzle({ connection: { instance, database }, schema });
  const theirs = drizzlePg({ client: new pg.Pool(), schema });
  const url = `postgresql:///orders?instance=${instance}`;
  expectTypeOf(drizzle(url, { schema })).toEqualTypeOf(ours);
  expectTypeOf(drizzle(url)).toEqualTypeOf(drizzle({ connection: url }));
  expectTypeOf(ours.query).toEqualTypeOf<(typeof theirs)['query']>();
  expectTypeOf(ours.$client).toEqualTypeOf<pg.Pool>();
  expectTypeOf(ours.select().from(orders)).toEqualTypeOf(theirs.select().from(orders));
  expectTypeOf(ours.transaction<number>).toEqualTypeOf<typeof theirs.transaction<number>>();
});

it('keeps it on postgres.js, too', () => {
  const ours = drizzlePostgresJs({ connection: { instance, database, idle_timeout: 5 }, schema });
  const theirs = drizzlePostgres({ client: postgres({}), schema });
  expectTypeOf(ours.query).toEqualTypeOf<(typeof theirs)['query']>();
  expectTypeOf(ours.$client).toEqualTypeOf<postgres.Sql>();
  expectTypeOf(ours.select().from(orders)).toEqualTypeOf(theirs.select().from(orders));
  expectTypeOf(ours.transaction<number>).toEqualTypeOf<typeof theirs.transaction<number>>();
  expectTypeOf(postgres(postgresOptions({ instance, database, max: 5 }))).toEqualTypeOf<postgres.Sql>();
});

it('knows MySQL by the type, client or dialect that the ORM has for it', () => {
  expectTypeOf(knex).toBeCallableWith(knexCloudSql({ client: 'mysql2', connection: { instance, database } }));
  expectTypeOf(DataSource).toBeConstructibleWith(typeormCloudSql({ type: 'mysql', instance, charset: 'utf8mb4' }));
  expectTypeOf(Sequelize).toBeConstructibleWith(sequelizeCloudSql({ dialect: 'mysql', instance, database }));
  const adapter = new PrismaCloudSqlMysql({ instance, database, connectionLimit: 5 });
  expectTypeOf(adapter).toExtend<PrismaMariaDb>();
  const lines = mysqlTable('lines', { id: mysqlSerial('id') });
  const ours = drizzleMysql2({ connection: { instance, connectionLimit: 5 }, schema: { lines }, mode: 'default' });
  const theirs = drizzleMysql({ client: mysql.createPool({}), schema: { lines }, mode: 'default' });
  expectTypeOf(ours.query).toEqualTypeOf<(typeof theirs)['query']>();
  expectTypeOf(ours.$client).toEqualTypeOf<mysql.Pool>();
  // @ts-expect-error an option of pg's client
  knexCloudSql({ client: 'mysql2', connection: { instance, application_name: 'shop' } });
  // @ts-expect-error the address comes from the instance
  typeormCloudSql({ type: 'mysql', instance, socketPath: '/tmp/mysql.sock' });
});

it('takes an instance for each node of a replication', () => {
  const replica = 'p:r:replica';
  typeormCloudSql({
    type: 'postgres',
    database,
    replication: { master: { instance }, slaves: [{ instance: replica, ipType: 'PRIVATE' }], defaultMode: 'slave' },
  });
  sequelizeCloudSql({
    dialect: 'postgres',
    database,
    replication: { write: { instance }, read: [{ instance: replica }] },
  });
  // @ts-expect-error the instances are those of the nodes
  typeormCloudSql({ type: 'postgres', instance, replication: { master: { instance }, slaves: [] } });
  // @ts-expect-error the address comes from the instance
  sequelizeCloudSql({ dialect: 'postgres', replication: { write: { instance }, read: [{ host: 'localhost' }] } });
});

it('takes literals in any spelling that comes from the environment, and the URL form', () => {
  pgOptions({ instance, ipType: 'private', authType: process.env.AUTH_TYPE });
  pgOptions({ instance, ipType: ['PRIVATE', 'PUBLIC'], user: process.env.DB_IAM_USER });
  pgOptions({ connectionString: 'postgresql:///orders?instance=p:r:i', max: 5 });
  knexCloudSql({ client: 'pg', connection: 'postgresql:///orders?instance=p:r:i' });
  typeormCloudSql({ type: 'postgres', url: 'postgresql:///orders?instance=p:r:i' });
  sequelizeCloudSql({ dialect: 'postgres', url: 'postgresql:///orders?instance=p:r:i' });
});

it('does not compile what would dial past the connector', () => {
  // @ts-expect-error the address comes from the instance
  pgOptions({ instance, host: 'localhost' });
  // @ts-expect-error the connector makes the socket
  postgresOptions({ instance, socket: () => {} });
  // @ts-expect-error it is called `password`
  drizzlePostgresJs({ connection: { instance, pass: 'secret' } });
  // @ts-expect-error the connector does TLS itself
  knexCloudSql({ client: 'pg', connection: { instance, ssl: true } });
  // @ts-expect-error another engine
  knexCloudSql({ client: 'sqlite3', connection: { instance } });
  // @ts-expect-error the address comes from the instance
  typeormCloudSql({ type: 'postgres', instance, port: 5432 });
  // @ts-expect-error it is called `user`
  sequelizeCloudSql({ dialect: 'postgres', instance, username: 'a' });
  // @ts-expect-error the pool is made from `connection`
  drizzle({ client: new pg.Pool() });
  // @ts-expect-error no instance
  void new PrismaCloudSql({ database });
  // @ts-expect-error no instance
  typeormCloudSql({ type: 'postgres', database });
});
