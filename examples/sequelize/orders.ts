import assert from 'node:assert/strict';
import { cloudSql, type SequelizeCloudSqlOptions } from '@x/sequelize-cloudsql';
import { DataTypes, QueryTypes, Sequelize } from 'sequelize';

interface Connection {
  readonly instance: string;
  readonly database: string;
  readonly ipType?: 'PUBLIC' | 'PRIVATE';
  readonly user?: string | undefined;
  readonly connector?: SequelizeCloudSqlOptions['connector'];
}

/** Creates its table, writes from a pool of five, commits and rolls back, reads back, and leaves nothing behind. */
export async function run(
  connection: Connection,
): Promise<{ currentUser: string; rowsWritten: number; rowsRead: number }> {
  const sequelize = new Sequelize(cloudSql({ dialect: 'postgres', ...connection, pool: { max: 5 }, logging: false }));
  const Order = sequelize.define(
    'Order',
    { item: { type: DataTypes.TEXT, allowNull: false }, quantity: { type: DataTypes.INTEGER, allowNull: false } },
    { tableName: 'sequelize_orders', timestamps: false },
  );
  try {
    await Order.sync();
    const orders = Array.from({ length: 20 }, (_, i) => ({ item: `item ${i}`, quantity: i }));
    await Promise.all(orders.map((order) => Order.create(order)));
    const committed = { item: 'committed', quantity: 100 };
    await sequelize.transaction((transaction) => Order.create(committed, { transaction }));
    const undone = sequelize.transaction(async (transaction) => {
      await Order.create({ item: 'rolled back', quantity: 200 }, { transaction });
      throw new Error('changed my mind');
    });
    await assert.rejects(undone, /changed my mind/);

    const read = await Order.findAll({ attributes: ['item', 'quantity'], order: ['quantity'], raw: true });
    assert.deepEqual(read, [...orders, committed]);
    const [user] = await sequelize.query<{ current_user: string }>('select current_user', { type: QueryTypes.SELECT });
    await Order.drop();
    return { currentUser: user?.current_user ?? '', rowsWritten: orders.length + 1, rowsRead: read.length };
  } finally {
    await sequelize.close();
  }
}
