import { PrismaCloudSql, type PrismaCloudSqlOptions } from '@x/prisma-cloudsql/mysql';
import { type Prisma, PrismaClient } from '../prisma/generated/mysql/client.ts';
import type { Connection, Orm, Row, Scope } from '../row.ts';

// Prisma creates tables by `prisma migrate` and `prisma db push` only.
const createTable = `create table items (id int primary key, name text not null, bytes mediumblob not null,
  data json not null, big bigint not null, at datetime(3) not null)`;

/** Prisma with its adapter for mariadb. */
export const prismaMariadbRow: Row = {
  name: 'prisma + adapter-mariadb',
  open({ max: connectionLimit, ...connection }: Connection, isToFail): Orm {
    // mariadb tries to connect for so long before it says that it cannot.
    const acquireTimeout = isToFail ? 2000 : 20_000;
    const adapter = new PrismaCloudSql({ ...connection, connectionLimit, acquireTimeout } as PrismaCloudSqlOptions);
    const prisma = new PrismaClient({ adapter });
    return {
      ...scopeOf(prisma),
      createTable: () => prisma.$executeRawUnsafe(createTable),
      query: (sql) => prisma.$queryRawUnsafe(sql),
      close: () => prisma.$disconnect(),
    };
  },
};

function scopeOf(prisma: Prisma.TransactionClient): Scope {
  return {
    insert: ({ bytes, tags: _, ...item }) =>
      prisma.item.create({ data: { ...item, bytes: new Uint8Array(bytes), data: item.data as object } }),
    transaction: (work) => prisma.$transaction((tx) => work(scopeOf(tx))),
    find: () => prisma.item.findMany({ orderBy: { id: 'asc' } }),
  };
}
