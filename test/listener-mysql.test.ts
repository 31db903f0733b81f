import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cloudSqlUrl, cloudSqlUrlSync, type Listener, type ListenOptions, listen } from '@x/cloudsql-core/listener';
import type { Emulator } from '@x/cloudsql-emulator';
import mariadb from 'mariadb';
import mysql from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from './child.ts';
import { instance, native, setEnv } from './cloud.ts';
import { as, RawClient, until } from './local-client.ts';
import { isInstalled, startMysqlCloud, withoutMysql } from './mysql-cloud.ts';

const open = (options: Partial<ListenOptions> = {}): Promise<Listener> =>
  listen({ instance, engine: 'MYSQL', database: 'orders', ...options });

async function who(url: string): Promise<object> {
  const client = await mysql.createConnection(url);
  try {
    const [rows] = await client.query('select current_user() as user, database() as db');
    return (rows as object[])[0]!;
  } finally {
    await client.end();
  }
}

const refusal = (url: string): Promise<Error> =>
  who(url).then(
    () => Promise.reject(new Error('let in')),
    (e) => e,
  );

/** The first ERR packet in what a server sent: its number, its code, and its text. */
function errIn(bytes: Buffer): [sequence: number, code: number, text: string] {
  for (let at = 0; at < bytes.length; at += 4 + bytes.readUIntLE(at, 3)) {
    if (bytes[at + 4] !== 0xff) continue;
    const end = at + 4 + bytes.readUIntLE(at, 3);
    return [bytes[at + 3]!, bytes.readUInt16LE(at + 5), bytes.toString('utf8', at + 7, end)];
  }
  throw new Error('no error came');
}

describe.skipIf(withoutMysql)('a listener for MySQL', () => {
  let cloud: Emulator;

  beforeAll(async () => {
    cloud = await startMysqlCloud();
    setEnv(cloud.env);
  });
  afterAll(() => cloud?.close());

  describe('on a Unix socket', () => {
    it('leads to the instance, as the IAM user whom the credentials stand for', async () => {
      await using listener = await open();
      expect(await who(listener.url)).toEqual({ user: 'app@%', db: 'orders' });
      expect(cloud.connections.at(-1)).toMatchObject({ user: 'app', clientProtocol: 'UDS' });
      const connection = await mariadb.createConnection(listener.url.replace(/^mysql/, 'mariadb'));
      expect(await connection.query('select current_user() as user')).toEqual([{ user: 'app@%' }]);
      await connection.end();
    });

    it('is for this user of the machine only', async () => {
      await using listener = await open();
      expect((statSync(listener.address).mode & 0o777).toString(8)).toBe('600');
      expect((statSync(path.dirname(listener.address)).mode & 0o777).toString(8)).toBe('700');
      const chosen = path.join(tmpdir(), `cloudsql-${randomBytes(4).toString('hex')}.sock`);
      await using named = await open({ path: chosen });
      expect(named.address).toBe(chosen);
      expect(await who(named.url)).toMatchObject({ user: 'app@%' });
    });

    it('leaves names and passwords to client and server', async () => {
      await using listener = await open();
      expect(await who(as(listener.url, 'app', 'whatever'))).toMatchObject({ user: 'app@%' });
      expect(await refusal(as(listener.url, native.name, native.password))).toMatchObject({
        errno: 1045,
        message: expect.stringContaining('requires an IAM-authenticated user'),
      });
      await using forPasswords = await open({ authType: 'PASSWORD' });
      expect(await who(as(forPasswords.url, native.name, native.password))).toMatchObject({ user: 'native@%' });
      expect(await refusal(as(forPasswords.url, native.name, 'wrong'))).toMatchObject({
        errno: 1045,
        sqlState: '28000',
        message: "Access denied for user 'native'@'localhost' (using password: YES)",
      });
    });

    it('answers for the client with the password or the token that it was given', async () => {
      await using withPassword = await open({ user: native.name, password: async () => native.password });
      expect(withPassword.url).not.toContain(encodeURIComponent(native.password));
      expect(await who(withPassword.url)).toMatchObject({ user: 'native@%' });
      await using withToken = await open({ authType: 'IAM_MANUAL' });
      expect(await who(withToken.url)).toMatchObject({ user: 'app@%' });
      await using wrong = await open({ user: native.name, password: 'wrong' });
      expect(await refusal(wrong.url)).toMatchObject({ errno: 1045 });
    });
  });

  describe('on TCP', () => {
    const tcp = { host: '127.0.0.1' } as const;

    it.each([
      ['automatic IAM', {}, 'app@%'],
      ['the token', { authType: 'IAM_MANUAL' }, 'app@%'],
      ['a password', { user: native.name, password: native.password }, 'native@%'],
    ])('demands the secret in its URL, and logs in with %s', async (_, options, user) => {
      await using listener = await open({ ...tcp, ...options });
      expect(await who(listener.url)).toMatchObject({ user, db: 'orders' });
      expect(cloud.connections.at(-1)).toMatchObject({ clientProtocol: 'TCP' });
      const connection = await mariadb.createConnection(listener.url.replace(/^mysql/, 'mariadb'));
      expect(await connection.query('select current_user() as user')).toEqual([{ user }]);
      await connection.end();
      for (const password of ['wrong', '', native.password]) {
        expect(await refusal(as(listener.url, 'app', password))).toMatchObject({
          errno: 1045,
          sqlState: '28000',
          message: 'The password is not the secret of this listener',
        });
      }
    });

    it('lets everybody in where that is wanted', async () => {
      await using listener = await open({ ...tcp, auth: 'NONE' });
      expect(new URL(listener.url).password).toBe('');
      expect(await who(listener.url)).toMatchObject({ user: 'app@%' });
    });

    it.skipIf(process.platform !== 'linux')('lets processes of the same user in where that is wanted', async () => {
      await using listener = await open({ ...tcp, auth: 'PEER' });
      expect(await who(listener.url)).toMatchObject({ user: 'app@%' });
    });
  });

  it('is understood by the command mysql', async ({ skip }) => {
    if (!isInstalled('mysql')) skip('the command mysql is not installed');
    await using listener = await open();
    const ask = ['--no-defaults', '--user=app', '--batch', '--skip-column-names', '--execute=select current_user()'];
    const outcome = await run('mysql', [...ask, `--socket=${listener.address}`, 'orders']);
    expect(outcome).toEqual({ code: 0, output: 'app@%\n' });
    await using onTcp = await open({ host: '127.0.0.1' });
    const { hostname, port, password } = new URL(onTcp.url);
    const where = [`--host=${hostname}`, `--port=${port}`, '--protocol=TCP', 'orders'];
    const env = { ...process.env, MYSQL_PWD: decodeURIComponent(password) };
    expect(await run('mysql', [...ask, ...where], { env })).toEqual({ code: 0, output: 'app@%\n' });
    expect((await run('mysql', [...ask, ...where], { env: { ...env, MYSQL_PWD: 'x' } })).output).toContain(
      'ERROR 1045 (28000): The password is not the secret of this listener',
    );
  });

  describe('tells the client', () => {
    it('why the instance cannot be reached', async () => {
      await cloud.faults.connections(instance, 'REFUSED');
      await using listener = await open();
      expect(await refusal(listener.url)).toMatchObject({
        errno: 1429,
        message: expect.stringMatching(
          /^No connection to .*ECONNREFUSED .*instance "demo-shop.*Check that this machine/,
        ),
      });
      await cloud.faults.connections(instance, undefined);
      expect(await who(listener.url)).toMatchObject({ user: 'app@%' });
    });

    it('that it may not use the instance', async () => {
      cloud.faults.api('connectSettings', { status: 403 });
      await using listener = await open({ connector: { userAgent: 'denied/1' } });
      expect(await refusal(listener.url)).toMatchObject({ errno: 1045 });
      await cloud.faults.clear();
    });

    it('that the server has hung up', async () => {
      await cloud.faults.connections(instance, 'RESET_AFTER_HANDSHAKE');
      await using listener = await open();
      expect(await refusal(listener.url)).toMatchObject({
        errno: 1429,
        message: expect.stringMatching(/^The server closed the connection at once/),
      });
      await cloud.faults.connections(instance, undefined);
    });

    it.each([
      ['nothing', Buffer.alloc(0), 'The login took longer than 300 ms'],
      ['noise', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'Bad handshake'],
      ['a wish for TLS', Buffer.from(`200000010aae${'00'.repeat(30)}`, 'hex'), 'Bad handshake'],
      ['a name without an end', Buffer.from(`2300000100820000${'00'.repeat(28)}616263`, 'hex'), 'Bad handshake'],
    ])('what is wrong with %s', async (_, bytes, message) => {
      await using listener = await open({ startupTimeoutMs: 300 });
      const client = await RawClient.to(listener.address);
      client.socket.write(bytes);
      const [, code, text] = errIn(await client.bytes());
      // Before it knows what the client understands, a server sends no SQLSTATE.
      expect([code, text]).toEqual([1043, bytes.length > 0 ? `#08S01${message}` : message]);
    });

    it('that the listener is closed', async () => {
      const listener = await open();
      const client = await RawClient.to(listener.address);
      await until(() => listener.sessions === 1);
      await listener.close();
      expect(errIn(await client.bytes())).toMatchObject([
        expect.any(Number),
        1053,
        expect.stringContaining('was closed'),
      ]);
    });
  });

  it('ends with its clients', async () => {
    await using listener = await open();
    const client = await mysql.createConnection(listener.url);
    client.on('error', () => {});
    await client.query('select 1');
    await listener.close();
    await expect(client.query('select 1')).rejects.toThrow();
    await until(() => cloud.statistics().connections.open === 0);
  });

  it('has a URL for tools that take nothing else', async () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {});
    const url = cloudSqlUrlSync({ dialect: 'mysql', instance, database: 'orders' });
    expect(await who(url)).toEqual({ user: 'app@%', db: 'orders' });
    expect(print).not.toHaveBeenCalled();
    print.mockRestore();
    const forPrisma = new URL(await cloudSqlUrl({ dialect: 'mysql', instance, socketOption: 'socket' }));
    expect(statSync(forPrisma.searchParams.get('socket')!).isSocket()).toBe(true);
    const withSchema = cloudSqlUrl({ dialect: 'mysql', instance, schema: 'public' });
    await expect(withSchema).rejects.toMatchObject({ code: 'CLOUDSQL_CONFLICTING_OPTIONS' });
    await expect(open({ engine: 'ORACLE' })).rejects.toMatchObject({ code: 'CLOUDSQL_INVALID_OPTION' });
  });
});
