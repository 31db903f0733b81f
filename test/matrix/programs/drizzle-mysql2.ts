import { drizzle } from '@x/drizzle-cloudsql/mysql2';
import { sql } from 'drizzle-orm';
import { onMysql } from './mysql.ts';

const { INSTANCE_CONNECTION_NAME: instance = '' } = process.env;
const db = drizzle({ connection: { instance, database: 'orders', connectionLimit: 5 } });
await onMysql(
  async (statement) => (await db.execute(sql.raw(statement)))[0],
  async () => db[Symbol.asyncDispose](),
);
