import { Sequelize } from '@sequelize/core';
import { PostgresDialect } from '@sequelize/postgres';
import { cloudSql } from '@x/sequelize-cloudsql/v7';
import { orders, tell } from './orders.ts';

const { INSTANCE_CONNECTION_NAME: instance = '' } = process.env;
const options = cloudSql({ dialect: PostgresDialect, instance, database: 'orders', pool: { max: 5 } });
const sequelize = new Sequelize(options);
const insert = (bind: object): Promise<unknown> =>
  sequelize.query('insert into sequelize_7_orders values ($item, $quantity)', { bind: { ...bind } });

await sequelize.query('create table sequelize_7_orders (item text, quantity int)');
await Promise.all(orders.map(insert));
await sequelize.transaction(() => insert({ item: 'commit', quantity: 100 }));
await sequelize
  .transaction(async () => {
    await insert({ item: 'rollback', quantity: 100 });
    throw new Error('changed my mind');
  })
  .catch(() => {});
const [read] = await sequelize.query('select * from sequelize_7_orders order by quantity');
const [[user]] = await sequelize.query('select current_user as name');
await sequelize.query('drop table sequelize_7_orders');
await sequelize.close();
tell((user as { name: string }).name, read as { item: string; quantity: number }[]);
