import { orders, tell } from './orders.ts';

/** Writes to MySQL at once, from a pool of five, and reads back. */
export async function onMysql(query: (sql: string) => Promise<unknown>, close: () => Promise<unknown>): Promise<void> {
  await query('create table matrix_orders (item varchar(30), quantity int)');
  await Promise.all(
    orders.map(({ item, quantity }) => query(`insert into matrix_orders values ('${item}', ${quantity})`)),
  );
  await query("insert into matrix_orders values ('commit', 100)");
  const read = await query('select item, quantity from matrix_orders order by quantity');
  const [user] = (await query('select current_user() as name')) as { name: string }[];
  await query('drop table matrix_orders');
  await close();
  tell(user?.name, read as Parameters<typeof tell>[1]);
}
