import { Connector } from '@x/cloudsql-core';
import { pgOptions } from '@x/cloudsql-core/pg';
import { GoogleAuth } from 'google-auth-library';
import pg from 'pg';
import { orders, tell } from './orders.ts';

const { INSTANCE_CONNECTION_NAME: instance = '' } = process.env;
const scopes = ['https://www.googleapis.com/auth/cloud-platform', 'https://www.googleapis.com/auth/userinfo.email'];
const connector = new Connector({ credentials: new GoogleAuth({ scopes }) });
const pool = new pg.Pool(pgOptions({ instance, database: 'orders', connector, max: 5 }));

await pool.query('create table auth_orders (item text, quantity int)');
await Promise.all(
  orders.map(({ item, quantity }) => pool.query('insert into auth_orders values ($1, $2)', [item, quantity])),
);
await pool.query("insert into auth_orders values ('commit', 100)");
const read = await pool.query<{ item: string; quantity: number }>('select * from auth_orders order by quantity');
const user = await pool.query<{ name: string }>('select current_user as name');
await pool.query('drop table auth_orders');
await pool.end();
await connector.close();
tell(user.rows[0]?.name, read.rows);
