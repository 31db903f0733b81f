import { PostgresDialect } from '@sequelize/postgres';
import type { PgCloudSqlOptions } from '@x/cloudsql-core/pg';
import type { DrizzleCloudSqlConfig } from '@x/drizzle-cloudsql';
import type { DrizzleCloudSqlConfig as DrizzlePostgresConfig } from '@x/drizzle-cloudsql/postgres-js';
import type { KnexCloudSqlConfig } from '@x/knex-cloudsql';
import type { PrismaCloudSqlOptions } from '@x/prisma-cloudsql';
import type { SequelizeCloudSqlOptions } from '@x/sequelize-cloudsql';
import { cloudSql as sequelize7CloudSql } from '@x/sequelize-cloudsql/v7';
import type { TypeOrmCloudSqlOptions } from '@x/typeorm-cloudsql';
import type pg from 'pg';
import { expectTypeOf, it } from 'vitest';

// A key that is ours to set can be nothing but absent, in each form of the options: a value does not compile.

/** The keys of options, of which every form of them forbids a value. */
type Forbidden<Options, Key extends string> = Options extends unknown
  ? {
      [Each in Key]: Each extends keyof Options
        ? [Exclude<Options[Each], undefined>] extends [never]
          ? Each
          : never
        : never;
    }[Key]
  : never;

type Address = 'host' | 'port' | 'ssl';

it('pg', () => {
  type Keys = Address | 'sslnegotiation' | 'stream';
  expectTypeOf<Forbidden<PgCloudSqlOptions<pg.PoolConfig>, Keys>>().toEqualTypeOf<Keys>();
});

it('Knex', () => {
  type Connection = Exclude<Extract<KnexCloudSqlConfig, { client: 'pg' }>['connection'], string>;
  type Keys = Address | 'sslnegotiation' | 'stream';
  expectTypeOf<Forbidden<Connection, Keys>>().toEqualTypeOf<Keys>();
  expectTypeOf<Forbidden<KnexCloudSqlConfig, 'connectionPool'>>().toEqualTypeOf<'connectionPool'>();
});

it('TypeORM', () => {
  type Keys = Address | 'username' | 'replication' | 'nativeDriver';
  expectTypeOf<Forbidden<TypeOrmCloudSqlOptions<'postgres'>, Keys>>().toEqualTypeOf<Keys>();
});

it('Sequelize', () => {
  type Keys = Address | 'username' | 'replication' | 'native';
  expectTypeOf<Forbidden<SequelizeCloudSqlOptions, Keys>>().toEqualTypeOf<Keys>();
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
  expectTypeOf<Forbidden<Connection, Keys>>().toEqualTypeOf<Keys>();
  expectTypeOf<Forbidden<DrizzleCloudSqlConfig, 'client'>>().toEqualTypeOf<'client'>();
});

it('Drizzle on postgres.js', () => {
  type Connection = Exclude<DrizzlePostgresConfig['connection'], string>;
  type Keys = Address | 'socket' | 'path';
  expectTypeOf<Forbidden<Connection, Keys>>().toEqualTypeOf<Keys>();
  expectTypeOf<Forbidden<DrizzlePostgresConfig, 'client'>>().toEqualTypeOf<'client'>();
});

it('Prisma', () => {
  type Keys = Address | 'sslnegotiation' | 'stream';
  expectTypeOf<Forbidden<PrismaCloudSqlOptions, Keys>>().toEqualTypeOf<Keys>();
});
