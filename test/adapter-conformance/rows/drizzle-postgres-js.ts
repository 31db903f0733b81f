import { type DrizzleCloudSqlConfig, drizzle } from '@x/drizzle-cloudsql/postgres-js';
import { sql as raw } from 'drizzle-orm';
import type { Connection, Orm, Row } from '../row.ts';
import { createTable, scopeOf } from './drizzle-postgres.ts';

/** Drizzle on postgres.js. */
export const drizzlePostgresJsRow: Row = {
  name: 'drizzle + postgres.js',
  open(connection: Connection): Orm {
    const db = drizzle({ connection: connection as DrizzleCloudSqlConfig['connection'] });
    return {
      ...scopeOf(db),
      createTable: () => db.execute(createTable),
      query: async (sql) => [...(await db.execute(raw.raw(sql)))],
      close: async () => db[Symbol.asyncDispose](),
    };
  },
};
