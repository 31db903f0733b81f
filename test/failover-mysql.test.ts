import dns from 'node:dns';
import { Connector } from '@x/cloudsql-core';
import { mariadbOptions } from '@x/cloudsql-core/mariadb';
import { mysql2Options } from '@x/cloudsql-core/mysql2';
import type { Emulator } from '@x/cloudsql-emulator';
import mariadb from 'mariadb';
import mysql from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setEnv } from './cloud.ts';
import { mysqlInstance, startMysqlCloud, withoutMysql } from './mysql-cloud.ts';

const before = 'demo-shop:europe-west1:before';
const after = 'demo-shop:europe-west4:after';
const name = 'orders.shop.example';
const servers = dns.getServers();

/** A pool of each driver, whose owner listens to nothing. */
const drivers = {
  mysql2(connector: Connector) {
    const pool = mysql.createPool(mysql2Options({ instance: name, database: 'orders', connector, connectionLimit: 2 }));
    return { query: () => pool.query('select 1'), end: () => pool.end() };
  },
  mariadb(connector: Connector) {
    const pool = mariadb.createPool(
      mariadbOptions({ instance: name, database: 'orders', connector, connectionLimit: 2 }),
    );
    return { query: () => pool.query('select 1'), end: () => pool.end() };
  },
};

describe.skipIf(withoutMysql)('after a failover', () => {
  let cloud: Emulator;

  beforeAll(async () => {
    cloud = await startMysqlCloud({ instances: [before, after].map((each) => ({ ...mysqlInstance, name: each })) });
    setEnv(cloud.env);
    dns.setServers([cloud.dns.server]);
  });

  afterAll(async () => {
    dns.setServers(servers);
    await cloud?.close();
  });

  const open = (instance: string): number =>
    cloud.connections.filter((each) => each.instance === instance && each.closedAt === undefined).length;

  it.each(Object.entries(drivers))('a pool of %s moves by itself, and no query fails', async (_, poolOf) => {
    cloud.dns.set(name, { TXT: before });
    await using connector = new Connector({ failoverPeriodMs: 100 });
    const pool = poolOf(connector);
    try {
      await Promise.all([pool.query(), pool.query()]);
      cloud.dns.set(name, { TXT: after });
      await expect.poll(() => open(before), { timeout: 10_000 }).toBe(0);
      for (let i = 0; i < 5; i++) await pool.query();
      expect(open(before)).toBe(0);
      expect(open(after)).toBeGreaterThan(0);
    } finally {
      await pool.end();
    }
  });
});
