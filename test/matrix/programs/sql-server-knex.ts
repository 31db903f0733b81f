import { cloudSql } from '@x/knex-cloudsql';
import knex from 'knex';
import { login, tellOne } from './sql-server.ts';

const db = knex(cloudSql({ client: 'mssql', connection: login }));
const rows = await db.raw('select 1 as one');
await db.destroy();
tellOne(rows[0]?.one);
