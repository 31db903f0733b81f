import { PrismaCloudSql } from '@x/prisma-cloudsql/mysql';
import { onMysql } from './mysql.ts';
import { checkRefusal, query, refused } from './prisma-adapter.ts';

const { INSTANCE_CONNECTION_NAME: instance = '' } = process.env;
// The adapter itself, which is what a PrismaClient calls.
const adapter = await new PrismaCloudSql({ instance, database: 'orders', connectionLimit: 5 }).connect();
await onMysql(
  (sql) => query(adapter, sql),
  () => adapter.dispose(),
);
await checkRefusal(await new PrismaCloudSql({ instance, connector: refused, acquireTimeout: 500 }).connect());
