import { PrismaCloudSql } from '@x/prisma-cloudsql/mysql';
import { onMysql } from './mysql.ts';

const { INSTANCE_CONNECTION_NAME: instance = '' } = process.env;
// The adapter itself, which is what a PrismaClient calls.
const adapter = await new PrismaCloudSql({ instance, database: 'orders', connectionLimit: 5 }).connect();
await onMysql(
  async (sql) => {
    const { columnNames, rows } = await adapter.queryRaw({ sql, args: [], argTypes: [] });
    return rows.map((row) => Object.fromEntries(row.map((value, index) => [columnNames[index], value])));
  },
  () => adapter.dispose(),
);
