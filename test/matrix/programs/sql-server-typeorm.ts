import { cloudSql } from '@x/typeorm-cloudsql';
import { DataSource } from 'typeorm';
import { login, tellOne } from './sql-server.ts';

const source = await new DataSource(cloudSql({ type: 'mssql', ...login })).initialize();
const rows = await source.query('select 1 as one');
await source.destroy();
tellOne(rows[0]?.one);
