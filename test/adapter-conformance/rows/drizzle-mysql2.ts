import { type DrizzleCloudSqlConfig, drizzle } from '@x/drizzle-cloudsql/mysql2';
import { sql as raw, type SQL } from 'drizzle-orm';
import { bigint, customType, datetime, int, json, mysqlTable, text } from 'drizzle-orm/mysql-core';
import type { MySql2Database } from 'drizzle-orm/mysql2';
import type { Connection, Item, Orm, Row, Scope } from '../row.ts';

const mediumblob = customType<{ data: Uint8Array }>({ dataType: () => 'mediumblob' });

const items = mysqlTable('items', {
  id: int().primaryKey(),
  name: text().notNull(),
  bytes: mediumblob().notNull(),
  data: json().notNull(),
  big: bigint({ mode: 'bigint' }).notNull(),
  at: datetime({ fsp: 3 }).notNull(),
});

// Drizzle creates tables by `drizzle-kit` only.
const createTable: SQL = raw`create table items (id int primary key, name text not null, bytes mediumblob not null,
  data json not null, big bigint not null, at datetime(3) not null)`;

/** Drizzle on mysql2. */
export const drizzleMysql2Row: Row = {
  name: 'drizzle + mysql2',
  open({ max: connectionLimit, ...connection }: Connection): Orm {
    // Without these, mysql2 makes numbers of what no number can hold.
    const numbers = { supportBigNumbers: true, bigNumberStrings: true };
    const all = { ...connection, connectionLimit, ...numbers } as DrizzleCloudSqlConfig['connection'];
    const db = drizzle({ connection: all });
    return {
      ...scopeOf(db),
      createTable: () => db.execute(createTable),
      query: async (sql) => (await db.execute(raw.raw(sql)))[0] as unknown as Record<string, unknown>[],
      stream: (sql) =>
        db
          .select({ n: raw`n` })
          .from(raw`(${raw.raw(sql)}) as numbers`)
          .iterator(),
      close: async () => db[Symbol.asyncDispose](),
    };
  },
};

function scopeOf(db: Pick<MySql2Database, 'insert' | 'select' | 'transaction'>): Scope {
  return {
    insert: ({ tags: _, ...item }) => db.insert(items).values(item),
    find: async () => (await db.select().from(items).orderBy(items.id)).map(toItem),
    transaction: (work) => db.transaction((tx) => work(scopeOf(tx))),
  };
}

/** MariaDB has no type JSON, only a word for it. */
function toItem({ data, ...rest }: Item): Item {
  return { ...rest, data: typeof data === 'string' ? JSON.parse(data) : data };
}
