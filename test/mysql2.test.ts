import { once } from 'node:events';
import { type ConnectOptions, Connector } from '@x/cloudsql-core';
import { mysql2Options } from '@x/cloudsql-core/mysql2';
import type { Emulator } from '@x/cloudsql-emulator';
import callbacks from 'mysql2';
import mysql, { type Pool, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { StuckConnector } from './adapter-conformance/stuck-connector.ts';
import { instance, native, setEnv } from './cloud.ts';
import { until } from './local-client.ts';
import { mysqlInstance, mysqlUser, startMysqlCloud, withoutMysql } from './mysql-cloud.ts';

const ledger = 'demo-shop:europe-west1:ledger';

type Options = Parameters<typeof mysql2Options<object>>[0] & object;

const optionsOf = (options: object): ReturnType<typeof mysql2Options<object>> =>
  mysql2Options({ instance, database: 'orders', ...options } as Options);

/** Runs something with a pool that is ended afterwards. */
async function using<T>(options: object, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = mysql.createPool(optionsOf({ connectionLimit: 5, ...options }));
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

async function who(pool: Pool): Promise<string> {
  const [rows] = await pool.query<RowDataPacket[]>('select current_user() as user');
  return rows[0]!.user;
}

describe.skipIf(withoutMysql)('mysql2', () => {
  let cloud: Emulator;

  beforeAll(async () => {
    cloud = await startMysqlCloud({ instances: [mysqlInstance, { name: ledger }] });
    setEnv(cloud.env);
  });
  afterAll(() => cloud?.close());

  it('logs in as the IAM user, which it finds out', async () => {
    expect(await using({}, who)).toBe('app@%');
    expect(await using({ user: mysqlUser, ipType: 'private' }, who)).toBe('app@%');
    expect(cloud.connections.at(-1)).toMatchObject({ user: 'app', ipType: 'PRIVATE', database: 'orders' });
  });

  it('shows the token to a server that asks for one, on each connection, whatever the driver thinks of clear text', async () => {
    for (const enableCleartextPlugin of [undefined, true]) {
      cloud.resetStatistics();
      await using({ authType: 'iam_manual', ...(enableCleartextPlugin && { enableCleartextPlugin }) }, async (pool) => {
        const users = await Promise.all(Array.from({ length: 10 }, () => who(pool)));
        expect(users).toEqual(Array(10).fill('app@%'));
        expect(cloud.statistics().connections.total).toBe(5);
      });
    }
    const refused = using({ authType: 'IAM_MANUAL', user: native.name }, who);
    await expect(refused).rejects.toMatchObject({ code: 'ER_ACCESS_DENIED_ERROR' });
  });

  it('logs in with a password, and with one that a function tells for each connection', async () => {
    expect(await using({ user: native.name, password: native.password }, who)).toBe('native@%');
    const password = vi.fn(async () => native.password);
    await using({ user: native.name, password, connectionLimit: 2 }, async (pool) => {
      await Promise.all(Array.from({ length: 10 }, () => who(pool)));
    });
    expect(password).toHaveBeenCalledTimes(2);
    const broken = using({ user: native.name, password: () => Promise.reject(new Error('no vault')) }, who);
    await expect(broken).rejects.toThrow('no vault');
    const wrong = using({ user: native.name, password: 'wrong' }, who);
    await expect(wrong).rejects.toMatchObject({ code: 'ER_ACCESS_DENIED_ERROR', errno: 1045, sqlState: '28000' });
  });

  it('takes the URL form', async () => {
    const url = `mysql://native:${encodeURIComponent(native.password)}@/orders?instance=${instance}&timezone=Z`;
    const client = await mysql.createConnection(mysql2Options(url));
    const [rows] = await client.query('select current_user() as user, database() as place');
    await client.end();
    expect(rows).toEqual([{ user: 'native@%', place: 'orders' }]);
    expect(mysql2Options({ uri: url, connectionLimit: 2 })).toMatchObject({ database: 'orders', timezone: 'Z' });
  });

  it('writes 40 rows at once on five connections, and commits and rolls back', async () => {
    cloud.resetStatistics();
    await using({}, async (pool) => {
      await pool.query('create table numbers (n int primary key)');
      await Promise.all(Array.from({ length: 40 }, (_, n) => pool.execute('insert into numbers values (?)', [n])));
      const connection = await pool.getConnection();
      for (const [n, end] of [
        [100, 'commit'],
        [200, 'rollback'],
      ] as const) {
        await connection.beginTransaction();
        await connection.query('insert into numbers values (?)', [n]);
        await connection[end]();
      }
      connection.release();
      const [rows] = await pool.query('select count(*) as count, max(n) as max from numbers');
      expect(rows).toEqual([{ count: 41, max: 100 }]);
      expect(cloud.statistics().connections.total).toBe(5);
    });
    await until(() => cloud.statistics().connections.open === 0);
  });

  it('passes megabytes in both directions', async () => {
    const long = 'x'.repeat(4_000_000);
    await using({}, async (pool) => {
      const [rows] = await pool.query<RowDataPacket[]>('select ? as value, length(?) as length', [long, long]);
      expect(rows[0]).toEqual({ value: long, length: long.length });
    });
  });

  it('reconnects when the server has ended idle connections', async () => {
    await using({}, async (pool) => {
      await Promise.all(Array.from({ length: 5 }, () => pool.query('select sleep(0.05)')));
      expect(cloud.dropConnections(instance)).toBe(5);
      const { _allConnections: all } = pool.pool as unknown as { _allConnections: { length: number } };
      await until(() => all.length === 0);
      expect(await Promise.all(Array.from({ length: 20 }, () => who(pool)))).toEqual(Array(20).fill('app@%'));
    });
  });

  it('gives the driver more time than the dial takes, and the dial less than the driver has', async () => {
    expect(optionsOf({}).connectTimeout).toBe(31_000);
    expect(optionsOf({ connector: { dialTimeoutMs: 5000 } }).connectTimeout).toBe(6000);
    expect(optionsOf({ connectTimeout: 0 }).connectTimeout).toBe(0);
    const late = using({ connectTimeout: 201 }, who);
    await expect(late).rejects.toMatchObject({ code: 'CLOUDSQL_DIAL_TIMEOUT' });
  });

  it('hands the driver Node’s code and ours', async () => {
    await cloud.faults.connections(instance, 'REFUSED');
    await expect(using({}, who)).rejects.toMatchObject({
      code: 'ECONNREFUSED',
      reason: 'CLOUDSQL_DIAL_FAILED',
      syscall: 'connect',
      port: 3307,
      instance,
    });
    await cloud.faults.connections(instance, undefined);
    expect(await using({}, who)).toBe('app@%');
  });

  it('says so when the server hangs up before it greets', async () => {
    await cloud.faults.connections(instance, 'RESET_AFTER_HANDSHAKE');
    await expect(using({}, who)).rejects.toMatchObject({ reason: 'CLOUDSQL_SERVER_CLOSED' });
    await cloud.faults.connections(instance, undefined);
  });

  it('refuses an instance of another engine', async () => {
    await expect(using({ instance: ledger }, who)).rejects.toMatchObject({
      code: 'CLOUDSQL_ENGINE_MISMATCH',
      message: expect.stringContaining('The driver speaks MYSQL, the instance runs POSTGRES_18'),
    });
  });

  it('reports a dial that cannot be, through promises and callbacks, and never throws', async () => {
    const connector = new Connector();
    await connector.close();
    const options = optionsOf({ connector });
    await expect(mysql.createConnection(options)).rejects.toMatchObject({ code: 'CLOUDSQL_CONNECTOR_CLOSED' });
    const connection = callbacks.createConnection(options);
    const [error] = await once(connection, 'error');
    expect(error).toMatchObject({ code: 'CLOUDSQL_CONNECTOR_CLOSED' });
  });

  it('gives a dial up when the connection is destroyed meanwhile', async () => {
    let signal: AbortSignal | undefined;
    /** Does not answer before it is given up. */
    class SlowConnector extends Connector {
      override async connect(options: ConnectOptions): ReturnType<Connector['connect']> {
        signal = options.signal;
        await once(signal!, 'abort');
        return super.connect(options);
      }
    }
    await using connector = new SlowConnector();
    const connection = callbacks.createConnection(optionsOf({ connector }));
    await until(() => signal !== undefined);
    const { stream } = connection as unknown as { stream: { destroyed: boolean } };
    expect(stream.destroyed).toBe(false);
    connection.destroy();
    expect([signal?.aborted, stream.destroyed]).toEqual([true, true]);
  });

  it('gives up the dials of a pool that is ended, and no others, and lets its queries finish', async () => {
    await using connector = new StuckConnector();
    const options = optionsOf({ connector, connectionLimit: 2 });
    const other = mysql.createPool(options);
    await other.query("select get_lock('ending', 30)");
    const pool = mysql.createPool(options);
    await who(pool);
    let finished = false;
    const running = pool.query("select get_lock('ending', 30)").then(() => {
      finished = true;
    });
    connector.stuck = true;
    // One has to dial, and the other one waits for it or for the query.
    const refused = [who(pool), who(pool)].map((each) => expect(each).rejects.toThrow('closed during the dial'));
    await until(() => connector.dials.length === 1);
    const ended = pool.end();
    await Promise.all(refused);
    expect(finished).toBe(false);
    await other.query("select release_lock('ending')");
    await Promise.all([ended, running]);
    await other.end();
  });

  it('gives up the dials of a cluster of pools that is ended', async () => {
    await using connector = new StuckConnector();
    connector.stuck = true;
    const cluster = callbacks.createPoolCluster();
    cluster.add('one', optionsOf({ connector }));
    const failure = new Promise((resolve) => cluster.getConnection('one', resolve));
    await until(() => connector.dials.length === 1);
    await new Promise((resolve) => cluster.end(resolve));
    expect(await failure).toMatchObject({ code: 'CLOUDSQL_DIAL_ABORTED' });
  });

  it('is configured so that the driver prints nothing, and cannot dial by itself', async () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {});
    const options = optionsOf({ dateStrings: true, connectionLimit: 3, connector: { userAgent: 'mine/1' } });
    await (await mysql.createConnection(options)).end();
    expect(print).not.toHaveBeenCalled();
    print.mockRestore();
    expect(options).toMatchObject({ host: 'cloudsql-connector-bypassed.invalid', port: 1 });
    const { stream: _, ...bypassing } = options;
    await expect(mysql.createConnection(bypassing)).rejects.toMatchObject({
      code: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/),
    });
  });
});
