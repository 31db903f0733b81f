import assert from 'node:assert/strict';
import { defineEntity, type InferEntity, MikroORM, p } from '@mikro-orm/core';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { type PgCloudSqlOptions, pgOptions } from '@x/cloudsql-core/pg';

const Order = defineEntity({
  name: 'Order',
  tableName: 'mikro_orders',
  properties: { id: p.integer().primary(), item: p.text(), quantity: p.integer() },
});

/** Creates its table, writes from a pool of five, commits and rolls back, reads back, and leaves nothing behind. */
export async function run(
  connection: PgCloudSqlOptions & { readonly database: string },
): Promise<{ currentUser: string; rowsWritten: number; rowsRead: number }> {
  const { user, ...driverOptions } = pgOptions(connection);
  const orm = await MikroORM.init({
    driver: PostgreSqlDriver,
    entities: [Order],
    dbName: connection.database,
    user,
    driverOptions,
    pool: { max: 5 },
  });
  try {
    await orm.schema.create();
    const orders = Array.from({ length: 20 }, (_, i) => ({ item: `item ${i}`, quantity: i }));
    await Promise.all(orders.map((order) => orm.em.fork().insert(Order, order)));
    const committed = { item: 'committed', quantity: 100 };
    await orm.em.fork().transactional((em) => em.insert(Order, committed));
    const undone = orm.em.fork().transactional(async (em) => {
      await em.insert(Order, { item: 'rolled back', quantity: 200 });
      throw new Error('changed my mind');
    });
    await assert.rejects(undone, /changed my mind/);

    const read = await orm.em.fork().findAll(Order, { orderBy: { quantity: 'asc' } });
    const plain = ({ item, quantity }: InferEntity<typeof Order>) => ({ item, quantity });
    assert.deepEqual(read.map(plain), [...orders, committed]);
    const [row] = await orm.em.getConnection().execute<[{ current_user: string }]>('select current_user');
    await orm.schema.drop();
    return { currentUser: row.current_user, rowsWritten: orders.length + 1, rowsRead: read.length };
  } finally {
    await orm.close();
  }
}
