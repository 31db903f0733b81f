import { postgresOptions } from '@x/cloudsql-core/postgres';
import postgres from 'postgres';
import { orders, tell } from './orders.ts';

const { INSTANCE_CONNECTION_NAME: instance = '' } = process.env;
const sql = postgres(postgresOptions({ instance, database: 'orders', max: 5 }));

await sql`create table postgres_orders (item text, quantity int)`;
await Promise.all(orders.map((order) => sql`insert into postgres_orders ${sql({ ...order })}`));
await sql.begin((tx) => tx`insert into postgres_orders values ('commit', 100)`);
await sql
  .begin(async (tx) => {
    await tx`insert into postgres_orders values ('rollback', 100)`;
    throw new Error('changed my mind');
  })
  .catch(() => {});
const read = await sql<{ item: string; quantity: number }[]>`select * from postgres_orders order by quantity`;
const [user] = await sql<{ name: string }[]>`select current_user as name`;
await sql`drop table postgres_orders`;
await sql.end();
tell(user?.name, read);
