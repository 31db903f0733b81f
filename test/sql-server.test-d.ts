import type { PrismaMssql } from '@prisma/adapter-mssql';
import { tediousOptions } from '@x/cloudsql-core/tedious';
import { cloudSql as knexCloudSql } from '@x/knex-cloudsql';
import { PrismaCloudSql } from '@x/prisma-cloudsql/mssql';
import { cloudSql as sequelizeCloudSql } from '@x/sequelize-cloudsql';
import { cloudSql as typeormCloudSql } from '@x/typeorm-cloudsql';
import knex from 'knex';
import sql from 'mssql';
import { Sequelize } from 'sequelize';
import { Connection } from 'tedious';
import { DataSource } from 'typeorm';
import type { SqlServerDataSourceOptions } from 'typeorm/driver/sqlserver/SqlServerDataSourceOptions.js';
import { expectTypeOf, it } from 'vitest';

const login = { instance: 'p:r:i', database: 'orders', user: 'app', password: 'secret' };
const url = 'sqlserver://app:secret@/orders?instance=p:r:i';

it("gives drivers and ORMs their own options' type", () => {
  expectTypeOf(Connection).toBeConstructibleWith(tediousOptions({ ...login, options: { appName: 'shop' } }));
  expectTypeOf(sql.ConnectionPool).toBeConstructibleWith(tediousOptions({ ...login, pool: { max: 5 } }));
  expectTypeOf(knex).toBeCallableWith(knexCloudSql({ client: 'mssql', connection: login, pool: { max: 5 } }));
  const options = typeormCloudSql({ type: 'mssql', ...login, entities: [], pool: { max: 5 } });
  expectTypeOf(options).toEqualTypeOf<SqlServerDataSourceOptions>();
  expectTypeOf(DataSource).toBeConstructibleWith(options);
  expectTypeOf(Sequelize).toBeConstructibleWith(sequelizeCloudSql({ dialect: 'mssql', ...login }));
  expectTypeOf(new PrismaCloudSql({ ...login, pool: { max: 5 } })).toExtend<PrismaMssql>();
});

it('takes encryption inside, further options of the driver, and the URL form', () => {
  tediousOptions({ ...login, encrypt: true, options: { trustServerCertificate: false, useUTC: false } });
  knexCloudSql({ client: 'mssql', connection: { ...login, options: { encrypt: true, packetSize: 8192 } } });
  typeormCloudSql({ type: 'mssql', ...login, options: { encrypt: true, isolationLevel: 'READ COMMITTED' } });
  void new PrismaCloudSql({ ...login, options: { encrypt: true, requestTimeout: 5000 } }, { schema: 'shop' });
  tediousOptions(url);
  knexCloudSql({ client: 'mssql', connection: url });
  typeormCloudSql({ type: 'mssql', url });
  sequelizeCloudSql({ dialect: 'mssql', url });
  void new PrismaCloudSql(url);
});

it('does not compile what would dial past the connector', () => {
  // @ts-expect-error the address comes from the instance
  tediousOptions({ ...login, server: 'localhost' });
  // @ts-expect-error the connector makes the socket
  tediousOptions({ ...login, options: { connector: async () => undefined } });
  // @ts-expect-error the address comes from the instance
  knexCloudSql({ client: 'mssql', connection: { ...login, options: { instanceName: 'x' } } });
  // @ts-expect-error the address comes from the instance
  typeormCloudSql({ type: 'mssql', ...login, host: 'localhost' });
  // @ts-expect-error the login is `user` and `password`
  typeormCloudSql({ type: 'mssql', ...login, domain: 'example' });
  // @ts-expect-error the address comes from the instance
  sequelizeCloudSql({ dialect: 'mssql', ...login, port: 1433 });
  // @ts-expect-error the address comes from the instance
  void new PrismaCloudSql({ ...login, server: 'localhost' });
  // @ts-expect-error no instance
  void new PrismaCloudSql({ user: 'app', password: 'secret' });
});
