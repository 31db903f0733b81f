import assert from 'node:assert/strict';
import { PrismaCloudSql, type PrismaCloudSqlOptions } from '@x/prisma-cloudsql';
import { PrismaClient } from './generated/client.ts';
import { migrateDeploy } from './migrate.ts';

type Connection = Exclude<PrismaCloudSqlOptions, { connectionString: string }>;

/** Migrates, writes from a pool of five, commits and rolls back, reads back, and leaves nothing behind. */
export async function run(
  connection: Connection,
): Promise<{ currentUser: string; rowsWritten: number; rowsRead: number }> {
  const prisma = new PrismaClient({
    adapter: new PrismaCloudSql({ ...connection, max: 5 }, { schema: 'prisma_orders' }),
  });
  try {
    await migrateDeploy(connection);
    const orders = Array.from({ length: 20 }, (_, i) => ({ item: `item ${i}`, quantity: i }));
    await Promise.all(orders.map((data) => prisma.order.create({ data })));
    const committed = { item: 'committed', quantity: 100 };
    await prisma.$transaction((tx) => tx.order.create({ data: committed }));
    const undone = prisma.$transaction(async (tx) => {
      await tx.order.create({ data: { item: 'rolled back', quantity: 200 } });
      throw new Error('changed my mind');
    });
    await assert.rejects(undone, /changed my mind/);

    const read = await prisma.order.findMany({ select: { item: true, quantity: true }, orderBy: { quantity: 'asc' } });
    assert.deepEqual(read, [...orders, committed]);
    const [user] = await prisma.$queryRaw<[{ current_user: string }]>`select current_user::text`;
    await prisma.$executeRaw`drop schema prisma_orders cascade`;
    return { currentUser: user.current_user, rowsWritten: orders.length + 1, rowsRead: read.length };
  } finally {
    await prisma.$disconnect();
  }
}
