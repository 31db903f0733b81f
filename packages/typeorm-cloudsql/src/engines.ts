import type { OrmConnection } from '@x/cloudsql-core';
import { pgOptions } from '@x/cloudsql-core/pg';
import { type TediousCloudSqlOptions, tediousOptions } from '@x/cloudsql-core/tedious';

/** What TypeORM's options say about the connection, besides what names it. */
interface Rest {
  readonly connectTimeoutMS?: number;
  readonly connectionTimeout?: number;
  readonly options?: object;
  readonly extra?: unknown;
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
  mssql: 'authentication' | 'domain';
}

/** The databases by the `type` of their options. */
export const engines: { readonly [Type in keyof OwnedByType]: Engine<OwnedByType[Type]> } = {
  postgres: {
    urlOption: 'connectionString',
    owned: { nativeDriver: 'libpq would dial past the connector' },
    place(connection, { connectTimeoutMS, extra }) {
      const timeout = connectTimeoutMS === undefined ? {} : { connectionTimeoutMillis: connectTimeoutMS };
      // TypeORM merges `extra` last into what it gives to pg, so that all of the connection stands in one place.
      const pg = pgOptions({ ...(extra as object), ...timeout, ...connection });
      return { ...(pg.database === undefined ? {} : { database: pg.database }), extra: pg };
    },
  },
  mssql: {
    urlOption: 'connectionString',
    owned: { authentication: 'the login is `user` and `password`', domain: 'the login is `user` and `password`' },
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
