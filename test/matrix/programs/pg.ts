import { pgOptions } from '@x/cloudsql-core/pg';
import pg from 'pg';
import { orders, tell } from './orders.ts';

const { INSTANCE_CONNECTION_NAME: instance = '' } = process.env;
const pool = new pg.Pool(pgOptions({ instance, database: 'orders', max: 5 }));
const insert = 'insert into pg_orders values ($1, $2)';

await pool.query('create table pg_orders (item text, quantity int)');
await Promise.all(orders.map(({ item, quantity }) => pool.query(insert, [item, quantity])));
for (const end of ['commit', 'rollback']) {
  const client = await pool.connect();
  await client.query('begin');
  await client.query(insert, [end, 100]);
  await client.query(end);
  client.release();
}
const read = await pool.query<{ item: string; quantity: number }>('select * from pg_orders order by quantity');
const user = await pool.query<{ name: string }>('select current_user as name');
await pool.query('drop table pg_orders');
await pool.end();
tell(user.rows[0]?.name, read.rows);
