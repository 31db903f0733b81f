import { type DrizzleCloudSqlConfig, drizzle } from '@x/drizzle-cloudsql/postgres-js';
import { sql as raw } from 'drizzle-orm';
import type { Connection, Orm, Row } from '../row.ts';
import { createTable, scopeOf } from './drizzle-postgres.ts';

/** Drizzle on postgres.js. */
export function drizzlePostgresJsRow(errors: Row['errors']): Row {
  return {
    name: 'drizzle + postgres.js',
    errors,
    open(connection: Connection): Orm {
      const db = drizzle({ connection: connection as DrizzleCloudSqlConfig['connection'] });
      return {
        ...scopeOf(db),
        transaction: (work) => db.transaction((tx) => work(scopeOf(tx))),
        createTable: () => db.execute(createTable),
        query: async (sql) => [...(await db.execute(raw.raw(sql)))],
        close: () => db.$client.end(),
      };
    },
  };
}
