import {
  type CloudSqlNodes,
  type CloudSqlOptions,
  checkOrmOptions,
  connectionOf,
  oneOf,
  ownedAddress,
} from '@x/cloudsql-core';
import type { DataSourceOptions } from 'typeorm';
import { engines, type OwnedByType } from './engines.ts';
import type { Replication } from './place.ts';

type Type = keyof OwnedByType;

/** TypeORM's own options; those of MySQL are for MariaDB, too. */
type Native<T extends Type> = Having<DataSourceOptions, T>;
type Having<Options, T> = Options extends { readonly type: infer Types } ? (T extends Types ? Options : never) : never;

/** The same, for one type alone. */
type Given<T extends Type> = Omit<Native<T>, 'type'> & { readonly type: T };

/** The options of TypeORM that this adapter sets, because setting them otherwise would bypass the connector. */
type Owned<T extends Type> = keyof typeof ownedAddress | OwnedByType[T];

/** Instances in place of the addresses of a replication. */
type Nodes<T extends Type> = Replication & Omit<ReplicationOf<Native<T>>, keyof Replication>;
type ReplicationOf<Options> = 'replication' extends keyof Options ? NonNullable<Options['replication']> : object;

/** TypeORM's options, with the instance in place of the address. */
export type TypeOrmCloudSqlOptions<T extends Type = Type> = {
  [Each in T]:
    | CloudSqlOptions<Given<Each>, Owned<Each> | 'replication', 'url'>
    | (Each extends 'mssql' ? never : CloudSqlNodes<Given<Each>, Owned<Each>, 'url', Nodes<Each>>);
}[T];

/**
 * TypeORM's own options for a Cloud SQL instance: for `new DataSource()`. Does no I/O.
 *
 * @example
 * const dataSource = new DataSource(cloudSql({ type: 'postgres', instance: 'my-project:europe-west1:orders', database: 'orders' }));
 * @throws ConfigError for options that are missing, unknown, contradicting or not the caller's to set
 */
export function cloudSql(options: TypeOrmCloudSqlOptions<'postgres'>): Native<'postgres'>;
export function cloudSql(options: TypeOrmCloudSqlOptions<'mysql'>): Native<'mysql'>;
export function cloudSql(options: TypeOrmCloudSqlOptions<'mssql'>): Native<'mssql'>;
export function cloudSql(options: TypeOrmCloudSqlOptions): DataSourceOptions {
  const engine = engines[oneOf('type', options.type, ['postgres', 'mysql', 'mssql'])];
  checkOrmOptions('TypeORM', options, { ...ownedAddress, ...engine.owned });
  const { connection, rest } = connectionOf(options, 'url', engine.urlOption);
  return { ...rest, ...engine.place(connection, rest) } as DataSourceOptions;
}

export { cloudSql as typeormCloudSql };
