import { Connector } from '@x/cloudsql-core';
import { pgOptions } from '@x/cloudsql-core/pg';
import pg from 'pg';
import { expect, it } from 'vitest';
import { instance, setEnv, startCloud } from './cloud.ts';

it('lets clients go in peace whose pool has just ended, although their goodbye is still under way', async () => {
  const cloud = await startCloud();
  setEnv(cloud.env);
  const connector = new Connector();
  const errors: unknown[] = [];
  const pool = new pg.Pool(pgOptions({ instance, database: 'orders', connector, max: 50 }));
  pool.on('connect', (client) => client.on('error', (error) => errors.push(error)));
  await Promise.all(Array.from({ length: 50 }, () => pool.query('select pg_sleep(0.2)')));
  await pool.end();
  await cloud.close();
  await connector.close();
  expect(errors).toEqual([]);
});
