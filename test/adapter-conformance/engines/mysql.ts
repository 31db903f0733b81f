import { setTimeout as delay } from 'node:timers/promises';
import mysql, { type RowDataPacket } from 'mysql2/promise';
import { instance } from '../../cloud.ts';
import { mysqlUser } from '../../mysql-cloud.ts';
import type { Engine } from './engine.ts';

const digits = `(${Array.from({ length: 10 }, (_, i) => `select ${i} as i`).join(' union all ')})`;
const sessions = `select id, info from information_schema.processlist where user = '${mysqlUser}'`;

/** MySQL in Cloud SQL. */
export const mysqlEngine: Engine = {
  instances: { 'Cloud SQL': instance },
  standbys: { 'Cloud SQL': 'demo-shop:europe-west4:standby' },
  databaseVersion: 'MYSQL_8_4',
  iamUser: mysqlUser,
  stranger: 'somebody',
  item: {
    bytes: Buffer.from([0, 1, 127, 128, 255]),
    data: { nested: [1, 'zwei', null, { three: true }] },
    big: 9_223_372_036_854_775_807n,
    at: new Date('2026-02-03T04:05:06.789Z'),
  },
  whoAmI: "select substring_index(current_user(), '@', 1) as name",
  manyRows: `select 1 + a.i + 10 * b.i + 100 * c.i + 1000 * d.i + 10000 * e.i as n
    from ${digits} a, ${digits} b, ${digits} c, ${digits} d, ${digits} e order by n`,
  slowQuery: 'select sleep(20)',
  async killSlowQuery(cloud, name) {
    const slow = `${sessions} and info like '%sleep%'`;
    for (;;) {
      const [session] = await mysqlEngine.administer(cloud, name, slow);
      if (session) return void (await mysqlEngine.administer(cloud, name, `kill ${session.id}`));
      await delay(10);
    }
  },
  async killSessions(cloud, name) {
    for (const { id } of await mysqlEngine.administer(cloud, name, sessions)) {
      await mysqlEngine.administer(cloud, name, `kill ${id}`);
    }
  },
  async administer(cloud, name, sql) {
    const client = await mysql.createConnection(cloud.databaseUrl(name, 'orders'));
    try {
      const [rows] = await client.query<RowDataPacket[]>(sql);
      return Array.isArray(rows) ? rows : [];
    } finally {
      await client.end();
    }
  },
};
