import { cloudSql } from '@x/sequelize-cloudsql';
import { QueryTypes, Sequelize } from 'sequelize';
import { login, tellOne } from './sql-server.ts';

const sequelize = new Sequelize(cloudSql({ dialect: 'mssql', ...login, logging: false }));
const [row] = await sequelize.query<{ one: number }>('select 1 as one', { type: QueryTypes.SELECT });
await sequelize.close();
tellOne(row?.one);
