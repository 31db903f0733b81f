import { cloudSql } from '@x/sequelize-cloudsql';
import { Sequelize } from 'sequelize';
import { onMysql } from './mysql.ts';

const { INSTANCE_CONNECTION_NAME: instance = '' } = process.env;
const options = cloudSql({ dialect: 'mysql', instance, database: 'orders', pool: { max: 5 }, logging: false });
const sequelize = new Sequelize(options);
await onMysql(
  async (sql) => (await sequelize.query(sql))[0],
  () => sequelize.close(),
);
