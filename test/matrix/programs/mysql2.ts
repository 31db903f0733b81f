import { mysql2Options } from '@x/cloudsql-core/mysql2';
import mysql from 'mysql2/promise';
import { onMysql } from './mysql.ts';

const { INSTANCE_CONNECTION_NAME: instance = '' } = process.env;
const pool = mysql.createPool(mysql2Options({ instance, database: 'orders', connectionLimit: 5 }));
await onMysql(
  async (sql) => (await pool.query(sql))[0],
  () => pool.end(),
);
