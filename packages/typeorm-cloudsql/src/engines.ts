import type { OrmConnection } from '@x/cloudsql-core';
import { pgOptions } from '@x/cloudsql-core/pg';

/** What differs between the databases that TypeORM knows. */
interface Engine<Owned extends string> {
  /** What the driver calls its option for a URL. */
  readonly urlOption: string;
  /** Further options that are not the caller's to set, and why. */
  readonly owned: Readonly<Record<Owned, string>>;
  /** Puts the connection where TypeORM takes it from. `rest` is what the caller has set besides. */
  place(connection: OrmConnection, rest: { connectTimeoutMS?: number; extra?: unknown }): object;
}

/** Of each database that can be had, by the `type` of TypeORM's options: what else the adapter owns. */
export interface OwnedByType {
  postgres: 'nativeDriver';
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
};
