import { drizzle } from '@x/drizzle-cloudsql/postgres-js';
import { asc, sql } from 'drizzle-orm';
import { integer, pgTable, text } from 'drizzle-orm/pg-core';
import { orders, tell } from './orders.ts';

const { INSTANCE_CONNECTION_NAME: instance = '' } = process.env;
const table = pgTable('drizzle_postgres_orders', { item: text('item'), quantity: integer('quantity') });
const db = drizzle({ connection: { instance, database: 'orders', max: 5 }, schema: { table } });

await db.execute(sql`create table drizzle_postgres_orders (item text, quantity int)`);
await Promise.all(orders.map((order) => db.insert(table).values(order)));
await db.transaction((tx) => tx.insert(table).values({ item: 'commit', quantity: 100 }));
await db
  .transaction(async (tx) => {
    await tx.insert(table).values({ item: 'rollback', quantity: 100 });
    throw new Error('changed my mind');
  })
  .catch(() => {});
const read = await db.query.table.findMany({ orderBy: asc(table.quantity) });
const [user] = await db.execute<{ name: string }>(sql`select current_user as name`);
await db.execute(sql`drop table drizzle_postgres_orders`);
await db.$client.end();
tell(user?.name, read);
