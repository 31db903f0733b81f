import { cloudSql } from '@x/knex-cloudsql';
import knex from 'knex';
import { onMysql } from './mysql.ts';

const { INSTANCE_CONNECTION_NAME: instance = '' } = process.env;
const db = knex(cloudSql({ client: 'mysql2', connection: { instance, database: 'orders' }, pool: { max: 5 } }));
await onMysql(
  async (sql) => (await db.raw(sql))[0],
  () => db.destroy(),
);
