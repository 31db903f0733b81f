import {
  type CloudSqlOptions,
  checkOrmOptions,
  connectionOf,
  oneOf,
  ownedAddress,
  PendingDials,
} from '@x/cloudsql-core';
import { pgOptions } from '@x/cloudsql-core/pg';
import { tediousOptions } from '@x/cloudsql-core/tedious';
import type { Options } from 'sequelize';
import { closingHook } from './closing-hook.ts';

/** The options of Sequelize that this adapter sets, because setting them otherwise would bypass the connector. */
type Owned = 'host' | 'port' | 'ssl' | 'username' | 'native' | 'replication';

/** Sequelize's options, with the instance in place of the address. */
export type SequelizeCloudSqlOptions = CloudSqlOptions<
  Omit<Options, 'dialect'> & { dialect: 'postgres' | 'mssql' },
  Owned,
  'url'
>;

const owned = {
  ...ownedAddress,
  native: 'libpq would dial past the connector',
  replication: 'its nodes would dial past the connector',
};

/** The binding of each dialect, and what its driver calls a URL. */
const dialects = {
  postgres: { binding: pgOptions, urlOption: 'connectionString' },
  mssql: { binding: tediousOptions, urlOption: 'connectionString' },
} as const;

/**
 * Sequelize's own options for a Cloud SQL instance: for `new Sequelize()`. Does no I/O.
 *
 * @example
 * const sequelize = new Sequelize(cloudSql({ dialect: 'postgres', instance: 'my-project:europe-west1:orders', database: 'orders' }));
 * @throws ConfigError for options that are missing, unknown, contradicting or not the caller's to set
 */
export function cloudSql(options: SequelizeCloudSqlOptions): Options {
  const { binding, urlOption } = dialects[oneOf('dialect', options.dialect, ['postgres', 'mssql'])];
  checkOrmOptions('Sequelize', options, owned);
  const { connection, rest } = connectionOf(options, 'url', urlOption);
  const { host, port, user, password, database, ...driver } = binding({ ...rest.dialectOptions, ...connection });
  const dials = new PendingDials();
  return {
    ...rest,
    hooks: closingHook(rest.hooks, dials),
    host,
    port,
    username: user,
    // A function is given on to the driver for each connection; the type knows strings only.
    password: password as string,
    ...(database === undefined ? {} : { database }),
    dialectOptions: dials.in(driver),
  };
}

export { cloudSql as sequelizeCloudSql };
