import assert from 'node:assert/strict';
import { cloudSql, type KnexCloudSqlConnection } from '@x/knex-cloudsql';
import knex from 'knex';

interface Order {
  id: number;
  item: string;
  quantity: number;
}

/** Migrates, writes from a pool of five, commits and rolls back, reads back, and leaves nothing behind. */
export async function run(
  connection: KnexCloudSqlConnection,
): Promise<{ currentUser: string; rowsWritten: number; rowsRead: number }> {
  const db = knex(
    cloudSql({
      client: 'pg',
      connection,
      pool: { max: 5 },
      migrations: { directory: `${import.meta.dirname}/migrations`, tableName: 'knex_orders_migrations' },
    }),
  );
  try {
    await db.migrate.latest();
    const orders = Array.from({ length: 20 }, (_, i) => ({ item: `item ${i}`, quantity: i }));
    await Promise.all(orders.map((order) => db<Order>('knex_orders').insert(order)));
    const committed = { item: 'committed', quantity: 100 };
    await db.transaction((trx) => trx<Order>('knex_orders').insert(committed));
    const undone = db.transaction(async (trx) => {
      await trx<Order>('knex_orders').insert({ item: 'rolled back', quantity: 200 });
      throw new Error('changed my mind');
    });
    await assert.rejects(undone, /changed my mind/);

    const read = await db<Order>('knex_orders').select('item', 'quantity').orderBy('quantity');
    assert.deepEqual(read, [...orders, committed]);
    const { rows } = await db.raw<{ rows: [{ current_user: string }] }>('select current_user');
    await db.migrate.rollback();
    await db.schema.dropTable('knex_orders_migrations').dropTable('knex_orders_migrations_lock');
    return { currentUser: rows[0].current_user, rowsWritten: orders.length + 1, rowsRead: read.length };
  } finally {
    await db.destroy();
  }
}
