import { PrismaCloudSql, type PrismaCloudSqlOptions } from '@x/prisma-cloudsql';
import { type Prisma, PrismaClient } from '../prisma/generated/postgresql/client.ts';
import type { Connection, Orm, Row, Scope } from '../row.ts';

// Prisma creates tables by `prisma migrate` and `prisma db push` only, which have tests of their own.
const createTable = `create table items (id integer primary key, name text not null, bytes bytea not null,
  data jsonb not null, big bigint not null, at timestamptz(3) not null, tags text[])`;

/** Prisma with its adapter for pg. */
export const prismaPgRow: Row = {
  name: 'prisma + adapter-pg',
  open(connection: Connection): Orm {
    const prisma = new PrismaClient({ adapter: new PrismaCloudSql(connection as PrismaCloudSqlOptions) });
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
    insert: ({ bytes, tags, ...item }) =>
      prisma.item.create({
        data: { ...item, bytes: new Uint8Array(bytes), data: item.data as object, tags: [...(tags ?? [])] },
      }),
    transaction: (work) => prisma.$transaction((tx) => work(scopeOf(tx))),
    find: () => prisma.item.findMany({ orderBy: { id: 'asc' } }),
  };
}
