import { cloudSql } from '@x/typeorm-cloudsql';
import { DataSource } from 'typeorm';
import { onMysql } from './mysql.ts';

const { INSTANCE_CONNECTION_NAME: instance = '' } = process.env;
const dataSource = new DataSource(cloudSql({ type: 'mysql', instance, database: 'orders', poolSize: 5 }));
await dataSource.initialize();
await onMysql(
  (sql) => dataSource.query(sql),
  () => dataSource.destroy(),
);
