import assert from 'node:assert/strict';
import { type DrizzleCloudSqlConfig, drizzle } from '@x/drizzle-cloudsql';
import { sql } from 'drizzle-orm';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import * as schema from './schema.ts';

type Connection = Exclude<DrizzleCloudSqlConfig['connection'], string>;

/** Migrates, writes from a pool of five, commits and rolls back, reads back, and leaves nothing behind. */
export async function run(
  connection: Connection,
): Promise<{ currentUser: string; rowsWritten: number; rowsRead: number }> {
  const db = drizzle({ connection: { ...connection, max: 5 }, schema });
  try {
    await migrate(db, {
      migrationsFolder: `${import.meta.dirname}/migrations`,
      migrationsSchema: 'public',
      migrationsTable: 'drizzle_orders_migrations',
    });
    const orders = Array.from({ length: 20 }, (_, i) => ({ item: `item ${i}`, quantity: i }));
    await Promise.all(orders.map((order) => db.insert(schema.orders).values(order)));
    const committed = { item: 'committed', quantity: 100 };
    await db.transaction((tx) => tx.insert(schema.orders).values(committed));
    const undone = db.transaction(async (tx) => {
      await tx.insert(schema.orders).values({ item: 'rolled back', quantity: 200 });
      throw new Error('changed my mind');
    });
    await assert.rejects(undone, /changed my mind/);

    const columns = { item: true, quantity: true } as const;
    const read = await db.query.orders.findMany({ columns, orderBy: (order, { asc }) => asc(order.quantity) });
    assert.deepEqual(read, [...orders, committed]);
    const { rows } = await db.execute<{ current_user: string }>(sql`select current_user`);
    await db.execute(sql`drop table drizzle_orders, drizzle_orders_migrations`);
    return { currentUser: rows[0]?.current_user ?? '', rowsWritten: orders.length + 1, rowsRead: read.length };
  } finally {
    await db.$client.end();
  }
}
