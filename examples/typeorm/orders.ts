import assert from 'node:assert/strict';
import { cloudSql, type TypeOrmCloudSqlOptions } from '@x/typeorm-cloudsql';
import { DataSource, EntitySchema } from 'typeorm';
import { CreateOrders1762000000000 } from './migrations/create-orders.ts';

interface Order {
  id: number;
  item: string;
  quantity: number;
}

const OrderEntity = new EntitySchema<Order>({
  name: 'Order',
  tableName: 'typeorm_orders',
  columns: {
    id: { type: 'int', primary: true, generated: true },
    item: { type: 'text' },
    quantity: { type: 'int' },
  },
});

interface Connection {
  readonly instance: string;
  readonly database: string;
  readonly ipType?: 'PUBLIC' | 'PRIVATE';
  readonly user?: string | undefined;
  readonly connector?: TypeOrmCloudSqlOptions['connector'];
}

/** Migrates, writes from a pool of five, commits and rolls back, reads back, and leaves nothing behind. */
export async function run(
  connection: Connection,
): Promise<{ currentUser: string; rowsWritten: number; rowsRead: number }> {
  const dataSource = new DataSource(
    cloudSql({
      type: 'postgres',
      ...connection,
      poolSize: 5,
      entities: [OrderEntity],
      migrations: [CreateOrders1762000000000],
      migrationsTableName: 'typeorm_orders_migrations',
    }),
  );
  await dataSource.initialize();
  try {
    await dataSource.runMigrations();
    const repository = dataSource.getRepository(OrderEntity);
    const orders = Array.from({ length: 20 }, (_, i) => ({ item: `item ${i}`, quantity: i }));
    await Promise.all(orders.map((order) => repository.insert(order)));
    const committed = { item: 'committed', quantity: 100 };
    await dataSource.transaction((manager) => manager.insert(OrderEntity, committed));
    const undone = dataSource.transaction(async (manager) => {
      await manager.insert(OrderEntity, { item: 'rolled back', quantity: 200 });
      throw new Error('changed my mind');
    });
    await assert.rejects(undone, /changed my mind/);

    const read = await repository.find({ select: { item: true, quantity: true }, order: { quantity: 'ASC' } });
    assert.deepEqual(
      read.map(({ item, quantity }) => ({ item, quantity })),
      [...orders.map(({ item, quantity }) => ({ item, quantity })), { item: 'committed', quantity: 100 }],
    );
    const [{ current_user: currentUser }] = await dataSource.query<[{ current_user: string }]>('select current_user');
    await dataSource.undoLastMigration();
    await dataSource.query('drop table typeorm_orders_migrations');
    return { currentUser, rowsWritten: orders.length + 1, rowsRead: read.length };
  } finally {
    await dataSource.destroy();
  }
}
