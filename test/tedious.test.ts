import { setTimeout as delay } from 'node:timers/promises';
import { Connector } from '@x/cloudsql-core';
import { pgOptions } from '@x/cloudsql-core/pg';
import { tediousOptions } from '@x/cloudsql-core/tedious';
import sql from 'mssql';
import pg from 'pg';
import { Connection, Request } from 'tedious';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { instance, setEnv } from './cloud.ts';
import { type SqlServerCloud, sqlUser, startSqlServerCloud } from './sql-server-cloud.ts';

let cloud: SqlServerCloud;

beforeAll(async () => {
  cloud = await startSqlServerCloud({}, [{ name: postgres }]);
  setEnv(cloud.emulator.env);
});

afterEach(() => cloud.emulator.faults.clear());

afterAll(() => cloud.close());

const postgres = 'demo-shop:europe-west1:postgres';
const database = 'orders';
const config = { instance, database, ...sqlUser };

type Config = Parameters<typeof tediousOptions>[0];

/** Connects with tedious; the caller closes what comes back. */
function connect(options: Config): Promise<Connection> {
  const connection = new Connection(tediousOptions(options));
  return new Promise((resolve, reject) => {
    connection.connect((error) => (error ? reject(error) : resolve(connection)));
  });
}

/** Connects, asks for one number, and hangs up. */
async function one(options: Config): Promise<unknown> {
  const connection = await connect(options);
  try {
    return await new Promise((resolve, reject) => {
      let value: unknown;
      const request = new Request('select 1 as one', (error) => (error ? reject(error) : resolve(value)));
      request.on('row', ([column]) => {
        value = column.value;
      });
      connection.execSql(request);
    });
  } finally {
    connection.close();
  }
}

describe('tedious', () => {
  it('logs in with a password over the connector', async () => {
    expect(await one(config)).toBe(1);
    expect(cloud.peer.logins.at(-1)).toMatchObject({
      ...sqlUser,
      database,
      server: 'cloudsql-connector-bypassed.invalid',
    });
    expect(cloud.emulator.connections.at(-1)).toMatchObject({ instance, ipType: 'PUBLIC', tlsProtocol: 'TLSv1.3' });
  });

  it.each([
    'sqlserver://app:correct%20horse@/orders?instance=INSTANCE&ipType=private',
    'mssql://app:correct%20horse@/orders?instance=INSTANCE&authType=PASSWORD&ipType=private&encrypt=false',
  ])('takes the URL %s', async (url) => {
    expect(await one(url.replace('INSTANCE', instance))).toBe(1);
    expect(cloud.peer.logins.at(-1)).toMatchObject({ ...sqlUser, database });
    expect(cloud.emulator.connections.at(-1)).toMatchObject({ ipType: 'PRIVATE' });
  });

  it('tells a wrong password as SQL Server does', async () => {
    const failed = connect({ ...config, password: 'wrong' });
    await expect(failed).rejects.toMatchObject({ code: 'ELOGIN', message: "Login failed for user 'app'." });
  });

  it('leaves the other options of tedious alone', () => {
    const { options } = tediousOptions({ ...config, options: { appName: 'shop', useUTC: false } });
    expect(options).toMatchObject({ appName: 'shop', useUTC: false, encrypt: false, port: 1 });
  });

  it('says why a dial failed, with our code inside', async () => {
    await cloud.emulator.faults.connections(instance, 'REFUSED');
    await expect(connect(config)).rejects.toMatchObject({
      code: 'ESOCKET',
      message: expect.stringContaining(`(instance "${instance}")`),
      cause: { code: 'ECONNREFUSED', syscall: 'connect', reason: 'CLOUDSQL_DIAL_FAILED' },
    });
  });

  it('says that the server hung up at once, which is how it refuses a certificate', async () => {
    await cloud.emulator.faults.connections(instance, 'RESET_AFTER_HANDSHAKE');
    await expect(connect(config)).rejects.toMatchObject({
      code: 'ESOCKET',
      cause: { reason: 'CLOUDSQL_SERVER_CLOSED' },
    });
  });

  it('names both engines where the instance runs another one', async () => {
    await expect(connect({ ...config, instance: postgres })).rejects.toMatchObject({
      cause: { code: 'CLOUDSQL_ENGINE_MISMATCH', message: expect.stringMatching(/SQLSERVER.*POSTGRES_18/) },
    });
    const client = new pg.Client(pgOptions(config));
    await expect(client.connect()).rejects.toMatchObject({
      message: expect.stringMatching(/POSTGRES.*SQLSERVER_2022/),
    });
  });

  it('waits as long as the dial may take, or as the driver was told to', async () => {
    await using connector = new Connector({ dialTimeoutMs: 5000 });
    expect(tediousOptions({ ...config, connector }).options.connectTimeout).toBe(6000);
    await cloud.emulator.faults.connections(instance, 'SILENT_BEFORE_HANDSHAKE');
    const slow = connect({ ...config, options: { connectTimeout: 700 } });
    await expect(slow).rejects.toMatchObject({ cause: { code: 'CLOUDSQL_DIAL_TIMEOUT' } });
    await expect(slow).rejects.toThrow(/Waited 500 ms for 127\.\S+:3307 to answer/);
  });

  it('gives the dial up when it is closed meanwhile', async () => {
    await cloud.emulator.faults.connections(instance, 'SILENT_BEFORE_HANDSHAKE');
    await using connector = new Connector();
    const connection = new Connection(tediousOptions({ ...config, connector }));
    const failed = new Promise((resolve) => connection.connect(resolve));
    await delay(300);
    connection.close();
    expect(await failed).toMatchObject({ code: 'ECLOSE' });
    await expect.poll(() => cloud.emulator.statistics().connections.open).toBe(0);
  });
});

describe('an instance that demands encryption inside', () => {
  it('is reached with `encrypt: true`, and tedious says so without it', async () => {
    await using secured = await startSqlServerCloud({ demandsEncryption: true, tcp: true });
    setEnv(secured.emulator.env);
    await using connector = new Connector();
    await expect(connect({ ...config, connector })).rejects.toMatchObject({ code: 'EENCRYPT' });
    expect(await one({ ...config, connector, encrypt: true })).toBe(1);
    expect(await one({ ...config, connector, options: { encrypt: true } })).toBe(1);
    expect(secured.peer.prelogins).toEqual(['NOT_SUP', 'ON', 'ON']);
    const checked = { encrypt: true, trustServerCertificate: false };
    await expect(connect({ ...config, connector, options: checked })).rejects.toThrow(/unable to verify/);
    setEnv(cloud.emulator.env);
  });
});

describe('mssql', () => {
  it('takes the same options, in a pool', async () => {
    const pool = new sql.ConnectionPool(tediousOptions({ ...config, pool: { max: 2 }, requestTimeout: 4000 }));
    await pool.connect();
    const rows = await Promise.all([1, 2, 3].map((n) => pool.query(`select ${n} as n`)));
    expect(rows.map(({ recordset }) => recordset[0].n)).toEqual([1, 2, 3]);
    expect(cloud.peer.clients).toBe(2);
    await pool.close();
    await expect.poll(() => cloud.emulator.statistics().connections.open).toBe(0);
  });
});

describe('options of tedious', () => {
  const { password, ...noPassword } = config;
  const refused: [string, object, string, RegExp][] = [
    ['no login', noPassword, 'CLOUDSQL_CONFLICTING_OPTIONS', /no IAM login\. Set `user` and `password`/],
    ['an IAM login', { ...config, authType: 'IAM' }, 'CLOUDSQL_CONFLICTING_OPTIONS', /SQL Server has no IAM login/],
    ['a manual one', { ...noPassword, authType: 'iam_manual' }, 'CLOUDSQL_CONFLICTING_OPTIONS', /no IAM login/],
    ['an unknown login', { ...config, authType: 'NTLM' }, 'CLOUDSQL_INVALID_OPTION', /`authType`/],
    ['a password from an unset variable', { ...config, password: undefined }, 'CLOUDSQL_INVALID_OPTION', /`password`/],
    ['a password function', { ...config, password: async () => password }, 'CLOUDSQL_INVALID_OPTION', /a function/],
    ['no user', { instance, password }, 'CLOUDSQL_MISSING_OPTION', /`user`/],
    ['a server', { ...config, server: 'localhost' }, 'CLOUDSQL_OWNED_OPTION', /`server`/],
    ['a port inside', { ...config, options: { port: 1433 } }, 'CLOUDSQL_OWNED_OPTION', /`port`/],
    ['a connector inside', { ...config, options: { connector: {} } }, 'CLOUDSQL_OWNED_OPTION', /`connector`/],
    ['a database inside', { ...config, options: { database } }, 'CLOUDSQL_OWNED_OPTION', /beside `options`/],
    ['the instance inside', { ...config, options: { instance } }, 'CLOUDSQL_OWNED_OPTION', /beside `options`/],
    ['an authentication', { ...config, authentication: {} }, 'CLOUDSQL_OWNED_OPTION', /`user` and `password`/],
    ['TLS twice', { ...config, options: { encrypt: 'strict' } }, 'CLOUDSQL_INVALID_OPTION', /`encrypt`/],
    ['a timeout of 0', { ...config, connectionTimeout: 0 }, 'CLOUDSQL_INVALID_OPTION', /`connectTimeout`/],
    ['an unknown option', { ...config, requestTimeuot: 1 }, 'CLOUDSQL_UNKNOWN_OPTION', /Did you mean `requestTimeout`/],
    [
      'a URL with a host',
      { connectionString: `sqlserver://a:b@h/d?instance=${instance}` },
      'CLOUDSQL_INVALID_URL',
      /"h"/,
    ],
    ['a URL of others', { connectionString: 'postgresql:///d' }, 'CLOUDSQL_INVALID_URL', /expected "sqlserver:"/],
  ];

  it.each(refused)('are refused when built: %s', (_, options, code, message) => {
    expect(() => tediousOptions(options as Config)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});
