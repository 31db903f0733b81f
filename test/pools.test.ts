import { Connector } from '@x/cloudsql-core';
import { pgOptions } from '@x/cloudsql-core/pg';
import type { Emulator } from '@x/cloudsql-emulator';
import { drizzle } from '@x/drizzle-cloudsql';
import { PrismaCloudSql } from '@x/prisma-cloudsql';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { StuckConnector } from './adapter-conformance/stuck-connector.ts';
import { instance, setEnv, startCloud } from './cloud.ts';
import { until } from './local-client.ts';

const database = 'orders';
let cloud: Emulator;

beforeAll(async () => {
  cloud = await startCloud();
  setEnv(cloud.env);
});

afterAll(() => cloud.close());

describe('a pool that an adapter makes', () => {
  /** Each: uses one connection, which is idle then; returns how to end the pool. */
  const pools: [string, (connector: Connector) => Promise<() => Promise<unknown>>][] = [
    [
      'Drizzle',
      async (connector) => {
        const db = drizzle({ connection: { instance, database, connector } });
        await db.execute('select 1');
        return () => db.$client.end();
      },
    ],
    [
      'Prisma',
      async (connector) => {
        const adapter = await new PrismaCloudSql({ instance, database, connector }).connect();
        await adapter.queryRaw({ sql: 'select 1', args: [], argTypes: [] });
        return () => adapter.dispose();
      },
    ],
  ];

  it.each(pools)('reports a lost idle connection, and does not end the process: %s', async (_, use) => {
    const warn = vi.fn();
    await using connector = new Connector({ logger: { warn } });
    const end = await use(connector);
    cloud.dropConnections();
    await vi.waitFor(() => expect(warn).toHaveBeenCalledOnce());
    expect(warn).toHaveBeenCalledWith(expect.stringMatching(/^An idle database connection was lost: /));
    await end();
  });
});

describe('options that two pools share', () => {
  it('serve the one when the other has been ended during a dial', async () => {
    await using connector = new StuckConnector();
    const options = pgOptions({ instance, database, connector, max: 1 });
    const [ended, other] = [new pg.Pool(options), new pg.Pool(options)];
    connector.stuck = true;
    const query = ended.query('select 1').catch((error: unknown) => error);
    await until(() => connector.dials.length === 1);
    await ended.end();
    expect(await query).toMatchObject({
      name: 'DialError',
      code: 'CLOUDSQL_DIAL_ABORTED',
      message: expect.stringContaining('The pool was closed during the dial'),
    });
    connector.stuck = false;
    expect((await other.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await other.end();
  });

  it('say to the log of pg what pg-pool says', async () => {
    const log = vi.fn();
    const pool = new pg.Pool(pgOptions({ instance, database, log }));
    await pool.query('select 1');
    await pool.end();
    expect(log).toHaveBeenCalledWith('ending');
  });
});
