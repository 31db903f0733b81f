import { setTimeout as delay } from 'node:timers/promises';
import type { Emulator } from '@x/cloudsql-emulator';
import pg from 'pg';
import { primary, replica } from '../../alloydb-cloud.ts';
import { appUser, instance } from '../../cloud.ts';
import type { Engine } from './engine.ts';

const sessions = `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${appUser}'`;

/** PostgreSQL, in Cloud SQL and in AlloyDB. */
export const postgres: Engine = {
  instances: { 'Cloud SQL': instance, AlloyDB: primary },
  standbys: { 'Cloud SQL': 'demo-shop:europe-west4:standby', AlloyDB: replica },
  iamUser: appUser,
  stranger: 'somebody@demo-shop.iam',
  item: {
    bytes: Buffer.from([0, 1, 127, 128, 255]),
    data: { nested: [1, 'zwei', null, { three: true }] },
    big: 9_223_372_036_854_775_807n,
    at: new Date('2026-02-03T04:05:06.789Z'),
    tags: ['plain', 'with, comma', 'with "quotes"', ''],
  },
  whoAmI: 'select current_user as name',
  manyRows: 'select n from generate_series(1, 100000) as n',
  slowQuery: 'select pg_sleep(20)',
  async killSlowQuery(cloud, instance) {
    const kill = `${sessions} and state = 'active' and query like '%pg_sleep%'`;
    while ((await postgres.administer(cloud, instance, kill)).length === 0) await delay(10);
  },
  async killSessions(cloud, instance) {
    await postgres.administer(cloud, instance, sessions);
  },
  async administer(cloud: Emulator, instance: string, sql: string) {
    const client = new pg.Client(cloud.databaseUrl(instance, 'orders'));
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  },
};
