import { PostgresDialect } from '@sequelize/postgres';
import type { Mysql2CloudSqlOptions } from '@x/cloudsql-core/mysql2';
import type { PgCloudSqlOptions } from '@x/cloudsql-core/pg';
import type { DrizzleCloudSqlConfig } from '@x/drizzle-cloudsql';
import type { DrizzleCloudSqlConfig as DrizzleMysqlConfig } from '@x/drizzle-cloudsql/mysql2';
import type { DrizzleCloudSqlConfig as DrizzlePostgresConfig } from '@x/drizzle-cloudsql/postgres-js';
import type { KnexCloudSqlConfig } from '@x/knex-cloudsql';
import type { PrismaCloudSqlOptions } from '@x/prisma-cloudsql';
import type { PrismaCloudSqlOptions as PrismaMysqlOptions } from '@x/prisma-cloudsql/mysql';
import type { SequelizeCloudSqlOptions } from '@x/sequelize-cloudsql';
import { cloudSql as sequelize7CloudSql } from '@x/sequelize-cloudsql/v7';
import type { TypeOrmCloudSqlOptions } from '@x/typeorm-cloudsql';
import type { PoolOptions } from 'mysql2';
import type pg from 'pg';
import { expectTypeOf, it } from 'vitest';

// A key that is ours to set can be nothing but absent, in each form of the options: a value does not compile.

/** The keys for which some form of the options lets a value compile. */
type Allowed<Options, Key extends string> = Options extends unknown
  ? {
      [Each in Key]: Each extends keyof Options
        ? [Exclude<Options[Each], undefined>] extends [never]
          ? never
          : Each
        : Each;
    }[Key]
  : never;

type Address = 'host' | 'port' | 'ssl';

it('pg', () => {
  type Keys = Address | 'sslnegotiation' | 'stream';
  expectTypeOf<Allowed<PgCloudSqlOptions<pg.PoolConfig>, Keys>>().toBeNever();
});

it('Knex', () => {
  type Connection = Exclude<Extract<KnexCloudSqlConfig, { client: 'pg' }>['connection'], string>;
  type Keys = Address | 'sslnegotiation' | 'stream';
  expectTypeOf<Allowed<Connection, Keys>>().toBeNever();
  expectTypeOf<Allowed<KnexCloudSqlConfig, 'connectionPool'>>().toBeNever();
});

it('TypeORM', () => {
  type Keys = Address | 'username' | 'nativeDriver';
  expectTypeOf<Allowed<TypeOrmCloudSqlOptions<'postgres'>, Keys>>().toBeNever();
});

it('Sequelize', () => {
  type Keys = Address | 'username' | 'native';
  expectTypeOf<Allowed<SequelizeCloudSqlOptions, Keys>>().toBeNever();
});

it('mysql2, in each ORM', () => {
  type Keys = Address | 'stream' | 'socketPath';
  type OfKnex = Exclude<Extract<KnexCloudSqlConfig, { client: 'mysql2' }>['connection'], string>;
  type OfDrizzle = Exclude<DrizzleMysqlConfig['connection'], string>;
  expectTypeOf<Allowed<Mysql2CloudSqlOptions<PoolOptions>, Keys>>().toBeNever();
  expectTypeOf<Allowed<OfKnex, Keys>>().toBeNever();
  expectTypeOf<Allowed<OfDrizzle, Keys>>().toBeNever();
  expectTypeOf<Allowed<DrizzleMysqlConfig, 'client'>>().toBeNever();
  type OfTypeOrm = Address | 'username' | 'socketPath';
  expectTypeOf<Allowed<TypeOrmCloudSqlOptions<'mysql'>, OfTypeOrm>>().toBeNever();
});

it('mariadb, in Prisma', () => {
  type Keys = Address | 'stream' | 'socketPath';
  expectTypeOf<Allowed<PrismaMysqlOptions, Keys>>().toBeNever();
});

it('Sequelize 7', () => {
  const options = { dialect: PostgresDialect, instance: 'p:r:i' };
  // @ts-expect-error the address comes from the instance
  sequelize7CloudSql({ ...options, host: 'localhost' });
  // @ts-expect-error the address comes from the instance
  sequelize7CloudSql({ ...options, port: 5432 });
  // @ts-expect-error the connector does TLS itself
  sequelize7CloudSql({ ...options, ssl: true });
  // @ts-expect-error the connector makes the socket
  sequelize7CloudSql({ ...options, stream: () => undefined });
  // @ts-expect-error its nodes would dial past the connector
  sequelize7CloudSql({ ...options, replication: { read: [] } });
  // @ts-expect-error libpq would dial past the connector
  sequelize7CloudSql({ ...options, native: true });
  // @ts-expect-error a dialect is a class
  sequelize7CloudSql({ dialect: 'postgres', instance: 'p:r:i' });
});

it('Drizzle', () => {
  type Connection = Exclude<DrizzleCloudSqlConfig['connection'], string>;
  type Keys = Address | 'sslnegotiation' | 'stream';
  expectTypeOf<Allowed<Connection, Keys>>().toBeNever();
  expectTypeOf<Allowed<DrizzleCloudSqlConfig, 'client'>>().toBeNever();
});

it('Drizzle on postgres.js', () => {
  type Connection = Exclude<DrizzlePostgresConfig['connection'], string>;
  type Keys = Address | 'socket' | 'path';
  expectTypeOf<Allowed<Connection, Keys>>().toBeNever();
  expectTypeOf<Allowed<DrizzlePostgresConfig, 'client'>>().toBeNever();
});

it('Prisma', () => {
  type Keys = Address | 'sslnegotiation' | 'stream';
  expectTypeOf<Allowed<PrismaCloudSqlOptions, Keys>>().toBeNever();
});
