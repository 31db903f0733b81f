import { PrismaCloudSql } from '@x/prisma-cloudsql';
import { orders, tell } from './orders.ts';
import { checkRefusal, query, refused } from './prisma-adapter.ts';

const { INSTANCE_CONNECTION_NAME: instance = '' } = process.env;
// The adapter itself, which is what a PrismaClient calls.
const adapter = await new PrismaCloudSql({ instance, database: 'orders', max: 5 }).connect();
await query(adapter, 'create table prisma_orders (item text, quantity int)');
await Promise.all(
  [...orders, { item: 'commit', quantity: 100 }].map(({ item, quantity }) =>
    query(adapter, `insert into prisma_orders values ('${item}', ${quantity})`),
  ),
);
const read = await query(adapter, 'select item, quantity from prisma_orders order by quantity');
const [user] = await query(adapter, 'select current_user::text as name');
await query(adapter, 'drop table prisma_orders');
await adapter.dispose();
await checkRefusal(await new PrismaCloudSql({ instance, connector: refused }).connect());
tell(user?.name as string, read as unknown as Parameters<typeof tell>[1]);
