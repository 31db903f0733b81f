import assert from 'node:assert/strict';
import { poolErrorListener } from '@x/cloudsql-core';
import { type PgCloudSqlOptions, pgOptions } from '@x/cloudsql-core/pg';
import { type Generated, Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';

interface Database {
  kysely_orders: { id: Generated<number>; item: string; quantity: number };
}

/** Creates its table, writes from a pool of five, commits and rolls back, reads back, and leaves nothing behind. */
export async function run(
  connection: PgCloudSqlOptions<pg.PoolConfig>,
): Promise<{ currentUser: string; rowsWritten: number; rowsRead: number }> {
  const pool = new pg.Pool(pgOptions({ ...connection, max: 5 }));
  // Without a listener, an idle connection that is lost ends the process.
  pool.on('error', poolErrorListener(connection.connector));
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  try {
    await db.schema
      .createTable('kysely_orders')
      .addColumn('id', 'serial', (column) => column.primaryKey())
      .addColumn('item', 'text', (column) => column.notNull())
      .addColumn('quantity', 'integer', (column) => column.notNull())
      .execute();
    const orders = Array.from({ length: 20 }, (_, i) => ({ item: `item ${i}`, quantity: i }));
    await Promise.all(orders.map((order) => db.insertInto('kysely_orders').values(order).execute()));
    const committed = { item: 'committed', quantity: 100 };
    await db.transaction().execute((trx) => trx.insertInto('kysely_orders').values(committed).execute());
    const undone = db.transaction().execute(async (trx) => {
      await trx.insertInto('kysely_orders').values({ item: 'rolled back', quantity: 200 }).execute();
      throw new Error('changed my mind');
    });
    await assert.rejects(undone, /changed my mind/);

    const read = await db.selectFrom('kysely_orders').select(['item', 'quantity']).orderBy('quantity').execute();
    assert.deepEqual(read, [...orders, committed]);
    const { rows } = await sql<{ current_user: string }>`select current_user`.execute(db);
    await db.schema.dropTable('kysely_orders').execute();
    return { currentUser: rows[0]?.current_user ?? '', rowsWritten: orders.length + 1, rowsRead: read.length };
  } finally {
    await db.destroy();
  }
}
