import { once } from 'node:events';
import { type ConnectOptions, Connector } from '@x/cloudsql-core';
import { mariadbOptions } from '@x/cloudsql-core/mariadb';
import type { Emulator } from '@x/cloudsql-emulator';
import mariadb, { type Pool } from 'mariadb';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { instance, native, setEnv } from './cloud.ts';
import { until } from './local-client.ts';
import { mysqlUser, startMysqlCloud, withoutMysql } from './mysql-cloud.ts';

type Options = Parameters<typeof mariadbOptions<object>>[0] & object;

const optionsOf = (options: object): ReturnType<typeof mariadbOptions<object>> =>
  mariadbOptions({ instance, database: 'orders', ...options } as Options);

/** Runs something with a pool that is ended afterwards. */
async function using<T>(options: object, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = mariadb.createPool(optionsOf({ connectionLimit: 5, acquireTimeout: 5000, ...options }));
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

async function who(pool: Pick<Pool, 'query'>): Promise<string> {
  const [row] = await pool.query<{ user: string }[]>('select current_user() as user');
  return row!.user;
}

/** Connects once, and returns what came of it. */
async function once1(options: object): Promise<string> {
  const connection = await mariadb.createConnection(optionsOf(options));
  return await who(connection).finally(() => connection.end());
}

describe.skipIf(withoutMysql)('mariadb', () => {
  let cloud: Emulator;

  beforeAll(async () => {
    cloud = await startMysqlCloud();
    setEnv(cloud.env);
  });
  afterAll(() => cloud?.close());

  it('logs in as the IAM user, which it finds out', async () => {
    expect(await using({}, who)).toBe('app@%');
    expect(await once1({ user: mysqlUser, ipType: 'private' })).toBe('app@%');
    expect(cloud.connections.at(-1)).toMatchObject({ user: 'app', ipType: 'PRIVATE', database: 'orders' });
  });

  it('shows the token to a server that asks for one, although the driver would not', async () => {
    cloud.resetStatistics();
    await using({ authType: 'iam_manual' }, async (pool) => {
      const users = await Promise.all(Array.from({ length: 10 }, () => who(pool)));
      expect(users).toEqual(Array(10).fill('app@%'));
    });
    expect(cloud.statistics().connections.total).toBeGreaterThan(1);
    // The way without us: the driver knows of no TLS.
    const connector = new Connector();
    const { token } = await connector.loginToken();
    const socket = await connector.connect({ instance, user: mysqlUser, password: token });
    const alone = mariadb.createConnection({ user: mysqlUser, password: token, stream: () => socket });
    await expect(alone).rejects.toMatchObject({ code: 'ER_CLEAR_PASSWORD_WITHOUT_SSL' });
    socket.destroy();
    await connector.close();
  });

  it('logs in with a password, and with one that a function tells for each connection', async () => {
    expect(await using({ user: native.name, password: native.password }, who)).toBe('native@%');
    const password = vi.fn(async () => native.password);
    await using({ user: native.name, password, connectionLimit: 2 }, async (pool) => {
      await Promise.all(Array.from({ length: 10 }, () => who(pool)));
    });
    expect(password).toHaveBeenCalledTimes(2);
    const broken = once1({ user: native.name, password: () => Promise.reject(new Error('no vault')) });
    await expect(broken).rejects.toMatchObject({ message: 'no vault' });
    await expect(once1({ user: native.name, password: 'wrong' })).rejects.toMatchObject({
      code: 'ER_ACCESS_DENIED_ERROR',
      errno: 1045,
    });
  });

  it.each(['mysql', 'mariadb'])('takes the URL form (%s)', async (scheme) => {
    const url = `${scheme}:///orders?instance=${instance}&timezone=Z`;
    const connection = await mariadb.createConnection(mariadbOptions(url));
    expect(await connection.query('select current_user() as user, database() as place')).toEqual([
      { user: 'app@%', place: 'orders' },
    ]);
    await connection.end();
    expect(mariadbOptions({ url, connectionLimit: 2 })).toMatchObject({ database: 'orders', timezone: 'Z' });
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
      await connection.release();
      expect(await pool.query('select count(*) as count, max(n) as max from numbers')).toEqual([
        { count: 41n, max: 100 },
      ]);
      expect(cloud.statistics().connections.total).toBeLessThanOrEqual(5);
    });
    await until(() => cloud.statistics().connections.open === 0);
  });

  it('passes megabytes in both directions', async () => {
    const long = 'x'.repeat(4_000_000);
    await using({}, async (pool) => {
      const [row] = await pool.query('select ? as value', [long]);
      expect(row).toEqual({ value: long });
    });
  });

  it('reconnects when the server has ended idle connections, and leaves no socket behind', async () => {
    await using({ minDelayValidation: 0 }, async (pool) => {
      await Promise.all(Array.from({ length: 5 }, () => pool.query('select sleep(0.05)')));
      await until(() => pool.idleConnections() === 5);
      expect(cloud.dropConnections(instance)).toBe(5);
      expect(await Promise.all(Array.from({ length: 20 }, () => who(pool)))).toEqual(Array(20).fill('app@%'));
    });
    await until(() => cloud.statistics().connections.open === 0);
  });

  it('waits for a first certificate longer than the one second that the driver would', async () => {
    cloud.faults.api('generateEphemeralCert', { latencyMs: 1300 });
    const connector = new Connector();
    expect(await once1({ connector })).toBe('app@%');
    await cloud.faults.clear();
    await connector.close();
    expect(optionsOf({}).connectTimeout).toBe(31_000);
    expect(optionsOf({ connectTimeout: 700 }).connectTimeout).toBe(700);
  });

  it('ends a dial before the limits of the driver and of its pool do, and says what was being waited for', async () => {
    await expect(once1({ connectTimeout: 201, connector: { userAgent: 'cold/1' } })).rejects.toMatchObject({
      code: 'CLOUDSQL_DIAL_TIMEOUT',
    });
    await cloud.faults.connections(instance, 'SILENT_BEFORE_HANDSHAKE');
    await expect(using({ acquireTimeout: 1000 }, who)).rejects.toMatchObject({
      code: 'ER_GET_CONNECTION_TIMEOUT',
      cause: expect.objectContaining({ code: 'CLOUDSQL_DIAL_TIMEOUT' }),
    });
    await cloud.faults.connections(instance, undefined);
    await until(() => cloud.statistics().connections.open === 0);
  });

  it('hands the driver Node’s code and ours', async () => {
    await cloud.faults.connections(instance, 'REFUSED');
    await expect(once1({})).rejects.toMatchObject({
      code: 'ECONNREFUSED',
      reason: 'CLOUDSQL_DIAL_FAILED',
      instance,
    });
    await cloud.faults.connections(instance, 'RESET_AFTER_HANDSHAKE');
    await expect(once1({})).rejects.toMatchObject({
      reason: 'CLOUDSQL_SERVER_CLOSED',
    });
    await cloud.faults.connections(instance, undefined);
    expect(await once1({})).toBe('app@%');
  });

  it('gives the dial up when the driver does', async () => {
    let signal: AbortSignal | undefined;
    /** Does not answer before it is given up, whatever its own limit. */
    class SlowConnector extends Connector {
      override async connect({ timeoutMs: _, ...options }: ConnectOptions): ReturnType<Connector['connect']> {
        signal = options.signal;
        await once(signal!, 'abort');
        return super.connect(options);
      }
    }
    await using connector = new SlowConnector();
    await expect(once1({ connector, connectTimeout: 300 })).rejects.toMatchObject({ code: 'ER_CONNECTION_TIMEOUT' });
    expect(signal?.aborted).toBe(true);
  });

  it('cannot dial by itself, nor be led elsewhere', async () => {
    const options = optionsOf({});
    expect(options).toMatchObject({ host: 'cloudsql-connector-bypassed.invalid', port: 1, permitRedirect: false });
    const { stream: _, ...bypassing } = options;
    await expect(mariadb.createConnection(bypassing)).rejects.toMatchObject({
      code: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/),
    });
  });
});
