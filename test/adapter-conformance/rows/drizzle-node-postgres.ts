import { type DrizzleCloudSqlConfig, drizzle } from '@x/drizzle-cloudsql';
import { sql as raw } from 'drizzle-orm';
import type { Connection, Orm, Row } from '../row.ts';
import { createTable, scopeOf } from './drizzle-postgres.ts';

/** Drizzle on pg. */
export const drizzleNodePostgresRow: Row = {
  name: 'drizzle + node-postgres',
  open(connection: Connection): Orm {
    const db = drizzle({ connection: connection as DrizzleCloudSqlConfig['connection'] });
    return {
      ...scopeOf(db),
      createTable: () => db.execute(createTable),
      query: async (sql) => (await db.execute(raw.raw(sql))).rows,
      close: async () => db[Symbol.asyncDispose](),
    };
  },
};
