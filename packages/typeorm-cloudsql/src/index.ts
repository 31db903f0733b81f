import { checkOrmOptions, oneOf } from '@x/cloudsql-core';
import { type CloudSqlOptions, connectionOf, ownedAddress, pgOptions } from '@x/cloudsql-core/pg';
import type { DataSourceOptions } from 'typeorm';

type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>;

/** The options of TypeORM that this adapter sets, because setting them otherwise would bypass the connector. */
type Owned = 'host' | 'port' | 'ssl' | 'username' | 'nativeDriver' | 'replication';

/** TypeORM's options for PostgreSQL, with the instance in place of the address. */
export type TypeOrmCloudSqlOptions = CloudSqlOptions<PostgresOptions, Owned, 'url'>;

const owned = {
  ...ownedAddress,
  nativeDriver: 'libpq would dial past the connector',
  replication: 'its nodes would dial past the connector',
};

/**
 * TypeORM's own options for a Cloud SQL instance: for `new DataSource()`. Does no I/O.
 *
 * @example
 * const dataSource = new DataSource(cloudSql({ type: 'postgres', instance: 'my-project:europe-west1:orders', database: 'orders' }));
 * @throws ConfigError for options that are missing, unknown, contradicting or not the caller's to set
 */
export function cloudSql(options: TypeOrmCloudSqlOptions): PostgresOptions {
  oneOf('type', options.type, ['postgres']);
  checkOrmOptions('TypeORM', options, owned);
  const { connection, rest } = connectionOf(options, 'url');
  const { connectTimeoutMS, extra } = rest;
  const timeout = connectTimeoutMS === undefined ? {} : { connectionTimeoutMillis: connectTimeoutMS };
  // TypeORM merges `extra` last into what it gives to pg, so that all of the connection stands in one place.
  const pg = pgOptions({ ...(extra as object), ...timeout, ...connection });
  return { ...rest, ...(pg.database === undefined ? {} : { database: pg.database }), extra: pg };
}

export { cloudSql as typeormCloudSql };
