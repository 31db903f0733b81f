import { inspect } from 'node:util';
import { Connector } from '@x/cloudsql-core';
import { pgOptions } from '@x/cloudsql-core/pg';
import type { Emulator } from '@x/cloudsql-emulator';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { appUser, instance, setEnv, startCloud } from './cloud.ts';

let cloud: Emulator;

beforeAll(async () => {
  cloud = await startCloud();
  setEnv(cloud.env);
});

afterAll(() => cloud.close());

it('opens a hundred connections at once with one metadata call and one certificate call', async () => {
  const connector = new Connector();
  const pool = new pg.Pool(pgOptions({ instance, database: 'orders', connector, max: 100 }));
  try {
    cloud.resetStatistics();
    const clients = await Promise.all(Array.from({ length: 100 }, () => pool.connect()));
    const { calls, connections } = cloud.statistics();
    expect(connections).toMatchObject({ open: 100, total: 100 });
    expect(calls).toMatchObject({ connectSettings: 1, generateEphemeralCert: 1 });
    const users = await Promise.all(
      clients.map((client) => client.query('select current_user as name, pg_backend_pid() as pid')),
    );
    expect(new Set(users.map(({ rows }) => rows[0].pid)).size).toBe(100);
    expect(new Set(users.map(({ rows }) => rows[0].name))).toEqual(new Set([appUser]));
    for (const client of clients) client.release();
  } finally {
    await pool.end();
    await connector.close();
  }
});

it('shows nothing of what the process shares to who prints the global object', async () => {
  const connector = new Connector();
  await connector.warmup({ instance });
  await connector.close();
  expect(inspect(globalThis, { depth: 5 })).not.toMatch(/PRIVATE KEY|cloudsql/);
});

it('shares one connector among all who have the same options', async () => {
  cloud.resetStatistics();
  const pools = Array.from(
    { length: 5 },
    () =>
      new pg.Pool(
        pgOptions({
          instance,
          database: 'orders',
          connector: { dialTimeoutMs: 20_000, allowedProjects: ['demo-shop'] },
        }),
      ),
  );
  await Promise.all(pools.map((pool) => pool.query('select 1')));
  await Promise.all(pools.map((pool) => pool.end()));
  expect(cloud.statistics().calls).toMatchObject({ connectSettings: 1, generateEphemeralCert: 1 });
});
