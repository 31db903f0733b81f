import { type DrizzleCloudSqlConfig, drizzle } from '@x/drizzle-cloudsql';
import { sql as raw } from 'drizzle-orm';
import type { Connection, Orm, Row } from '../row.ts';
import { createTable, scopeOf } from './drizzle-postgres.ts';

/** Drizzle on pg. */
export function drizzleNodePostgresRow(errors: Row['errors']): Row {
  return {
    name: 'drizzle + node-postgres',
    errors,
    open(connection: Connection): Orm {
      const db = drizzle({ connection: connection as DrizzleCloudSqlConfig['connection'] });
      return {
        ...scopeOf(db),
        transaction: (work) => db.transaction((tx) => work(scopeOf(tx))),
        createTable: () => db.execute(createTable),
        query: async (sql) => (await db.execute(raw.raw(sql))).rows,
        close: () => db.$client.end(),
      };
    },
  };
}
