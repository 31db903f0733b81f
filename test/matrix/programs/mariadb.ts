import { mariadbOptions } from '@x/cloudsql-core/mariadb';
import mariadb from 'mariadb';
import { onMysql } from './mysql.ts';

const { INSTANCE_CONNECTION_NAME: instance = '' } = process.env;
const pool = mariadb.createPool(mariadbOptions({ instance, database: 'orders', connectionLimit: 5 }));
await onMysql(
  (sql) => pool.query(sql),
  () => pool.end(),
);
