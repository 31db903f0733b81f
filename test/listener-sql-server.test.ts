import { PrismaMssql } from '@prisma/adapter-mssql';
import { Connector } from '@x/cloudsql-core';
import { cloudSqlUrl, listen, listenSync } from '@x/cloudsql-core/listener';
import { Connection, type ConnectionConfiguration } from 'tedious';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { instance, setEnv } from './cloud.ts';
import { RawClient, until } from './local-client.ts';
import { type SqlServerCloud, sqlUser, startSqlServerCloud } from './sql-server-cloud.ts';

let cloud: SqlServerCloud;

beforeAll(async () => {
  cloud = await startSqlServerCloud({}, [{ name: postgres }]);
  setEnv(cloud.emulator.env);
});

afterEach(() => cloud.emulator.faults.clear());

afterAll(() => cloud.close());

const postgres = 'demo-shop:europe-west1:postgres';

type Options = Partial<Parameters<typeof listen>[0]>;

function open(options: Options = {}): ReturnType<typeof listen> {
  return listen({ instance, engine: 'SQLSERVER', database: 'orders', ...sqlUser, ...options });
}

/** Logs in with tedious at an address, and hangs up. */
async function logIn(address: string, options: object = {}): Promise<void> {
  const [server = '', port] = address.split(':');
  const connection = new Connection({
    server,
    authentication: { type: 'default', options: { userName: sqlUser.user, password: sqlUser.password } },
    options: { port: Number(port), database: 'orders', encrypt: false, trustServerCertificate: true, ...options },
  } as ConnectionConfiguration);
  await new Promise<void>((resolve, reject) => connection.connect((error) => (error ? reject(error) : resolve())));
  connection.close();
}

/** Selects over a URL, as Prisma understands it. */
async function select(url: string): Promise<unknown> {
  const prisma = await new PrismaMssql(url).connect();
  try {
    return (await prisma.queryRaw({ sql: 'select 1 as one', args: [], argTypes: [] })).rows;
  } finally {
    await prisma.dispose();
  }
}

describe('a listener for SQL Server', () => {
  it('leads a client of its URL to the instance', async () => {
    await using listener = await open();
    const [, port] = /^127\.0\.0\.1:(\d+)$/.exec(listener.address) ?? [];
    const login = 'database={orders};user={app};password={correct horse};encrypt=false';
    expect(listener.url).toBe(`sqlserver://127.0.0.1:${port};${login}`);
    expect(await select(listener.url)).toEqual([[1]]);
    expect(cloud.peer.logins.at(-1)).toMatchObject({ ...sqlUser, database: 'orders' });
    expect(cloud.emulator.connections.at(-1)).toMatchObject({ instance, clientProtocol: 'TCP' });
    await expect.poll(() => cloud.emulator.statistics().connections.open).toBe(0);
  });

  it('is what cloudSqlUrl opens for such a dialect', async () => {
    const options = { instance, database: 'orders', ...sqlUser, schema: 'shop' };
    const urls = [
      await cloudSqlUrl({ dialect: 'sqlserver', ...options }),
      await cloudSqlUrl({ dialect: 'mssql', ...options }),
    ];
    for (const url of urls) {
      expect(url).toMatch(/^sqlserver:\/\/127\.0\.0\.1:\d+;.*;schema=shop$/);
      expect(await select(url)).toEqual([[1]]);
    }
  });

  it('leaves the login to its clients, where it was given none', async () => {
    await using listener = await listen({ instance, engine: 'sqlserver', auth: 'none' });
    expect(listener.url).toMatch(/^sqlserver:\/\/127\.0\.0\.1:\d+;encrypt=false$/);
    await logIn(listener.address);
    cloud.peer.logins.length = 0;
    await expect(select(`${listener.url};user=app;password=wrong`)).rejects.toThrow(/Authentication|Login failed/);
    expect(cloud.peer.logins).toMatchObject([{ user: 'app', password: 'wrong' }]);
  });

  it('lets client and server encrypt once more', async () => {
    await using secured = await startSqlServerCloud({ demandsEncryption: true });
    setEnv(secured.emulator.env);
    await using connector = new Connector();
    await using listener = await open({ connector });
    await logIn(listener.address, { encrypt: true });
    await expect(logIn(listener.address)).rejects.toMatchObject({ code: 'EENCRYPT' });
    setEnv(cloud.emulator.env);
  });
});

describe('what a client of SQL Server is told', () => {
  it('of a failed dial', async () => {
    await cloud.emulator.faults.connections(instance, 'REFUSED');
    await using listener = await open();
    await expect(logIn(listener.address)).rejects.toMatchObject({
      code: 'ELOGIN',
      message: expect.stringMatching(/^No connection to 127\.\S+: connect ECONNREFUSED .* \(CLOUDSQL_DIAL_FAILED\)$/),
    });
  });

  it('of an instance that runs something else', async () => {
    await using listener = await open({ instance: postgres });
    await expect(logIn(listener.address)).rejects.toThrow(/The driver speaks SQLSERVER, the instance runs POSTGRES_18/);
  });

  it('of a server that hangs up at once', async () => {
    await cloud.emulator.faults.connections(instance, 'RESET_AFTER_HANDSHAKE');
    await using listener = await open();
    await expect(logIn(listener.address)).rejects.toThrow(/\(CLOUDSQL_SERVER_CLOSED\)$/);
  });

  it('of a server that never answers', async () => {
    await cloud.emulator.faults.connections(instance, 'SILENT_AFTER_HANDSHAKE');
    await using connector = new Connector({ dialTimeoutMs: 1000 });
    await using listener = await open({ connector });
    await expect(logIn(listener.address)).rejects.toThrow(/^Waited 1000 ms for the server to answer the login/);
  });
});

describe('clients that misbehave', () => {
  const prelogin = Buffer.from('12010013000001000000060006ff' + '0000000002', 'hex');

  it.each([
    ['do not speak TDS', Buffer.from('GET / HTTP/1.1\r\n\r\n'.padEnd(64))],
    ['begin with the login', Buffer.from('1001000a000001000000', 'hex')],
    ['announce a packet shorter than its head', Buffer.from('1201000700000100', 'hex')],
  ])('are hung up on when they %s', async (_, bytes) => {
    await using listener = await open();
    const client = await RawClient.to(listener.address);
    client.socket.write(bytes);
    expect(await client.rest()).toBe('');
  });

  it('are told when they take too long, if they can be told', async () => {
    await using listener = await open({ startupTimeoutMs: 100 });
    const client = await RawClient.to(listener.address);
    client.socket.write(prelogin.subarray(0, 10));
    // An answer to the PRELOGIN, and no login comes.
    expect((await client.rest()).length).toBeGreaterThan(0);
    await until(() => listener.sessions === 0);
  });

  it('give the dial up when they leave', async () => {
    await cloud.emulator.faults.connections(instance, 'SILENT_BEFORE_HANDSHAKE');
    await using listener = await open();
    const client = await RawClient.to(listener.address);
    client.socket.write(prelogin);
    await until(() => listener.sessions === 1);
    client.socket.destroy();
    await until(() => listener.sessions === 0);
    await expect.poll(() => cloud.emulator.statistics().connections.open).toBe(0);
  });

  it('are ended with the listener', async () => {
    await cloud.emulator.faults.connections(instance, 'SILENT_BEFORE_HANDSHAKE');
    const listener = await open();
    const failed = logIn(listener.address).catch((error: unknown) => error);
    await until(() => listener.sessions === 1);
    await listener.close();
    expect(await failed).toMatchObject({ code: 'ESOCKET' });
  });
});

describe('options of a listener for SQL Server', () => {
  const refused: [string, object, RegExp][] = [
    ['an IAM login', { authType: 'IAM' }, /SQL Server has no IAM login/],
    ['a password function', { password: () => '' }, /`password` is a function/],
    ['a Unix socket', { path: '/tmp/x' }, /a Unix socket/],
    ['a secret', { auth: 'secret' }, /`auth: 'SECRET'`/],
    ['an unknown engine', { engine: 'ORACLE' }, /`engine`/],
    ['a password without a user', { user: undefined }, /`user`/],
  ];

  it.each(refused)('are refused: %s', async (_, options, message) => {
    await expect(open(options)).rejects.toMatchObject({
      code: expect.stringMatching(/^CLOUDSQL_(CONFLICTING|INVALID|MISSING)_OPTION/),
      message: expect.stringMatching(message),
    });
  });

  it('open no port synchronously', () => {
    expect(() => listenSync({ instance, engine: 'SQLSERVER' })).toThrow(/Await `listen`/);
  });
});
