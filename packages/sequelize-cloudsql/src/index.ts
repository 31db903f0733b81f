import {
  type CloudSqlNodes,
  type CloudSqlOptions,
  checkOrmOptions,
  connectionOf,
  type OrmConnection,
  oneOf,
  ownedAddress,
  PendingDials,
  partOptions,
} from '@x/cloudsql-core';
import { mysql2Options } from '@x/cloudsql-core/mysql2';
import { pgOptions } from '@x/cloudsql-core/pg';
import { tediousOptions } from '@x/cloudsql-core/tedious';
import type { Options } from 'sequelize';
import { closingHook } from './closing-hook.ts';

/** The options of Sequelize that this adapter sets, because setting them otherwise would bypass the connector. */
type Owned = 'host' | 'port' | 'ssl' | 'username' | 'native';

type Native = Omit<Options, 'dialect'> & { dialect: 'postgres' | 'mysql' | 'mssql' };

/** Sequelize's `replication`, with an instance for each node. What a node does not say, the options beside say for all. */
export interface SequelizeCloudSqlReplication {
  readonly write: OrmConnection;
  readonly read: readonly OrmConnection[];
}

/** Sequelize's options, with the instance in place of the address. */
export type SequelizeCloudSqlOptions =
  | CloudSqlOptions<Native, Owned | 'replication', 'url'>
  | CloudSqlNodes<Native, Owned, 'url', SequelizeCloudSqlReplication>;

const owned = { ...ownedAddress, native: 'libpq would dial past the connector' };

/** What Sequelize itself takes out of `dialectOptions`. */
const ofSequelize = ['prependSearchPath', 'clientMinMessages'];

/** The binding of each dialect, and what its driver calls a URL. */
const dialects = {
  postgres: { binding: pgOptions, urlOption: 'connectionString' },
  mysql: { binding: mysql2Options, urlOption: 'uri' },
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
  const { binding, urlOption } = dialects[oneOf('dialect', options.dialect, ['postgres', 'mysql', 'mssql'])];
  checkOrmOptions('Sequelize', options, owned);
  const { connection, rest } = connectionOf(options, 'url', urlOption);
  const { replication, ...others } = rest as typeof rest & { replication?: SequelizeCloudSqlReplication };
  const [own, drivers] = partOptions(rest.dialectOptions ?? {}, ofSequelize);
  const dials = new PendingDials();
  const node = (given: object): object => {
    checkOrmOptions('Sequelize replication', given, ownedAddress);
    const bound = (binding as typeof pgOptions)({ ...drivers, ...connection, ...given });
    const { host, port, user: username, password, database, ...driver } = bound;
    return {
      host,
      port,
      username,
      password,
      ...(database && { database }),
      dialectOptions: { ...own, ...dials.in(driver) },
    };
  };
  return {
    ...others,
    hooks: closingHook(rest.hooks, dials),
    ...(replication
      ? {
          ...node(replication.write),
          // A missing list is refused in the words for a missing node.
          replication: { write: node(replication.write), read: (replication.read ?? [undefined]).map(node) },
        }
      : node({})),
  } as Options;
}

export { cloudSql as sequelizeCloudSql };
