import type { SQL } from 'drizzle-orm';
import { sql as raw } from 'drizzle-orm';
import {
  bigint,
  customType,
  integer,
  json,
  type PgDatabase,
  type PgQueryResultHKT,
  pgTable,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';
import type { Item, Scope } from '../row.ts';

const bytea = customType<{ data: Uint8Array }>({ dataType: () => 'bytea' });

const items = pgTable('items', {
  id: integer().primaryKey(),
  name: text().notNull(),
  bytes: bytea().notNull(),
  data: json().notNull(),
  big: bigint({ mode: 'bigint' }).notNull(),
  at: timestamp({ withTimezone: true, precision: 3 }).notNull(),
  tags: text().array(),
});

/** What Drizzle does alike on all drivers for PostgreSQL. */
export function scopeOf(db: PgDatabase<PgQueryResultHKT>): Scope {
  return {
    insert: (item) => db.insert(items).values({ ...item, tags: [...(item.tags ?? [])] }),
    find: async () => (await db.select().from(items).orderBy(items.id)) as Item[],
    transaction: (work) => db.transaction((tx) => work(scopeOf(tx))),
  };
}

/** Drizzle creates tables by `drizzle-kit` only, which has tests of its own. */
export const createTable: SQL = raw`create table items (id integer primary key, name text not null, bytes bytea not null,
  data json not null, big bigint not null, at timestamptz(3) not null, tags text[])`;
