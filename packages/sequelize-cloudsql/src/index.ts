import { checkOrmOptions, oneOf } from '@x/cloudsql-core';
import { type CloudSqlOptions, connectionOf, ownedAddress, pgOptions } from '@x/cloudsql-core/pg';
import type { Options } from 'sequelize';

/** The options of Sequelize that this adapter sets, because setting them otherwise would bypass the connector. */
type Owned = 'host' | 'port' | 'ssl' | 'username' | 'native' | 'replication';

/** Sequelize's options for PostgreSQL, with the instance in place of the address. */
export type SequelizeCloudSqlOptions = CloudSqlOptions<
  Omit<Options, 'dialect'> & { dialect: 'postgres' },
  Owned,
  'url'
>;

const owned = {
  ...ownedAddress,
  native: 'libpq would dial past the connector',
  replication: 'its nodes would dial past the connector',
};

/**
 * Sequelize's own options for a Cloud SQL instance: for `new Sequelize()`. Does no I/O.
 *
 * @example
 * const sequelize = new Sequelize(cloudSql({ dialect: 'postgres', instance: 'my-project:europe-west1:orders', database: 'orders' }));
 * @throws ConfigError for options that are missing, unknown, contradicting or not the caller's to set
 */
export function cloudSql(options: SequelizeCloudSqlOptions): Options {
  oneOf('dialect', options.dialect, ['postgres']);
  checkOrmOptions('Sequelize', options, owned);
  const { connection, rest } = connectionOf(options, 'url');
  const { host, port, user, password, database, ...driver } = pgOptions({ ...rest.dialectOptions, ...connection });
  return {
    ...rest,
    host,
    port,
    username: user,
    // A function is given on to pg for each connection; the type knows strings only.
    password: password as string,
    ...(database === undefined ? {} : { database }),
    dialectOptions: driver,
  };
}

export { cloudSql as sequelizeCloudSql };
