import type { OrmConnection } from '@x/cloudsql-core';
import { type Mysql2Config, mysql2Options } from '@x/cloudsql-core/mysql2';
import { type PgConfig, pgOptions } from '@x/cloudsql-core/pg';
import { type TediousCloudSqlOptions, tediousOptions } from '@x/cloudsql-core/tedious';
import { inExtra, type Replication, replicated } from './place.ts';

/** What TypeORM's options say about the connection, besides what names it. */
interface Rest {
  readonly connectTimeoutMS?: number;
  readonly connectTimeout?: number;
  readonly connectionTimeout?: number;
  readonly options?: object;
  readonly extra?: unknown;
  readonly replication?: Replication;
}

/** What differs between the databases that TypeORM knows. */
interface Engine<Owned extends string> {
  /** What the driver calls its option for a URL. */
  readonly urlOption: string;
  /** Further options that are not the caller's to set, and why. */
  readonly owned: Readonly<Record<Owned, string>>;
  /** Puts the connection where TypeORM takes it from. `rest` is what the caller has set besides. */
  place(connection: OrmConnection, rest: Rest): object;
}

/** Of each database that can be had, by the `type` of TypeORM's options: what else the adapter owns. */
export interface OwnedByType {
  postgres: 'nativeDriver';
  mysql: 'socketPath';
  mssql: 'authentication' | 'domain' | 'replication';
}

/** The databases by the `type` of their options. */
export const engines: { readonly [Type in keyof OwnedByType]: Engine<OwnedByType[Type]> } = {
  postgres: {
    urlOption: 'connectionString',
    owned: { nativeDriver: 'libpq would dial past the connector' },
    place(connection, { connectTimeoutMS, extra, replication }) {
      const timeout = connectTimeoutMS === undefined ? {} : { connectionTimeoutMillis: connectTimeoutMS };
      const bind = (node: OrmConnection): PgConfig => pgOptions({ ...(extra as object), ...timeout, ...node });
      return replication ? replicated(connection, replication, bind) : inExtra(bind(connection));
    },
  },
  mysql: {
    urlOption: 'uri',
    owned: { socketPath: 'the address comes from the instance' },
    place(connection, { connectTimeout, extra, replication }) {
      const timeout = connectTimeout === undefined ? {} : { connectTimeout };
      const bind = (node: OrmConnection): Mysql2Config => mysql2Options({ ...(extra as object), ...timeout, ...node });
      const placed = replication ? replicated(connection, replication, bind) : inExtra(bind(connection));
      // TypeORM 0.3 would prefer `mysql` where that is installed, too; it does not know `stream`.
      return { ...placed, connectorPackage: 'mysql2' };
    },
  },
  mssql: {
    urlOption: 'connectionString',
    owned: {
      authentication: 'the login is `user` and `password`',
      domain: 'the login is `user` and `password`',
      replication: 'its nodes would dial past the connector',
    },
    place(connection, { connectionTimeout, options: given, extra }) {
      const own = extra as { options?: object } | undefined;
      const timeout = connectionTimeout === undefined ? {} : { connectionTimeout };
      const merged = { ...own, ...timeout, ...connection, options: { ...given, ...own?.options } };
      // In `extra`, which TypeORM merges last, except for `options`, in which it translates isolation levels.
      const { options, database, ...mssql } = tediousOptions<object>(merged as TediousCloudSqlOptions);
      return { ...(database === undefined ? {} : { database }), options, extra: mssql };
    },
  },
};
