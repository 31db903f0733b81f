import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { listen, listenSync } from '@x/cloudsql-core/listener';
import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from './child.ts';
import { appUser, instance, native, setEnv, startCloud } from './cloud.ts';
import { as, connect, open, packet, query, RawClient, refusal } from './local-client.ts';

let cloud: Emulator;
const folder = mkdtempSync(path.join(tmpdir(), 'listener-'));

beforeAll(async () => {
  cloud = await startCloud();
  setEnv(cloud.env);
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await cloud.close();
});

describe('a Unix socket', () => {
  it('leads to the instance, as the IAM user whom the credentials stand for', async () => {
    await using listener = await open();
    expect(await query(listener.url)).toEqual({ user: appUser, db: 'orders' });
    expect(cloud.connections.at(-1)).toMatchObject({ user: appUser, principal: cloud.defaultPrincipal });
  });

  it('is there in the same tick', async () => {
    await using listener = listenSync({ instance, database: 'orders' });
    expect(statSync(listener.address).isSocket()).toBe(true);
    expect(await query(listener.url)).toEqual({ user: appUser, db: 'orders' });
  });

  it('is for this user of the machine only, and goes when it is closed', async () => {
    const listener = await open();
    const [socket, parent] = [listener.address, path.dirname(listener.address)];
    expect((statSync(socket).mode & 0o777).toString(8)).toBe('600');
    expect((statSync(parent).mode & 0o777).toString(8)).toBe('700');
    await listener.close();
    await listener.close();
    expect(existsSync(parent)).toBe(false);
  });

  it('leaves other logins to the client and the server', async () => {
    await using listener = await open();
    expect(await query(as(listener.url, native.name, native.password))).toMatchObject({ user: 'native' });
    expect(await refusal(as(listener.url, native.name, 'wrong'))).toMatchObject({ code: '28P01', severity: 'FATAL' });
    await using forPasswords = await open({ authType: 'PASSWORD' });
    expect(await query(as(forPasswords.url, native.name, native.password))).toMatchObject({ user: 'native' });
  });

  it('answers for the client with the password or the token that it was given', async () => {
    await using withPassword = await open({ user: native.name, password: async () => native.password });
    expect(withPassword.url).not.toContain(encodeURIComponent(native.password));
    expect(await query(withPassword.url)).toMatchObject({ user: 'native' });
    await using withToken = await open({ authType: 'IAM_MANUAL' });
    expect(await query(withToken.url)).toMatchObject({ user: appUser });
    await using wrong = await open({ user: native.name, password: 'wrong' });
    expect(await refusal(wrong.url)).toMatchObject({ code: '28P01', message: expect.stringContaining('native') });
  });

  it('may be where the user says, as a path or as a folder', async () => {
    const at = path.join(folder, 'made', 'here');
    await using inFolder = await open({ path: at });
    await using named = await open({ path: path.join(at, '.s.PGSQL.6000') });
    expect([inFolder.address, named.address]).toEqual([`${at}/.s.PGSQL.5432`, `${at}/.s.PGSQL.6000`]);
    expect((statSync(at).mode & 0o777).toString(8)).toBe('700');
    expect((statSync(inFolder.address).mode & 0o777).toString(8)).toBe('600');
    expect(await query(inFolder.url)).toMatchObject({ user: appUser });
    expect(await query(named.url)).toMatchObject({ user: appUser });
  });

  it('is understood by psql', async ({ skip }) => {
    const found = await run('psql', ['--version']).catch(() => undefined);
    if (found?.code !== 0) skip('psql is not installed');
    await using listener = await open();
    const outcome = await run('psql', [listener.url, '--no-psqlrc', '-Atc', 'select current_user']);
    expect(outcome).toEqual({ code: 0, output: `${appUser}\n` });
  });

  it('declines encryption, which psql asks for first', async () => {
    await using listener = await open();
    const client = await RawClient.to(listener.address);
    expect((await client.ask(packet(80_877_103), 1)).toString()).toBe('N');
    expect((await client.ask(packet(80_877_104), 2)).toString()).toBe('NN');
    const answer = await client.ask(packet(196_608, `user\0${appUser}\0database\0orders\0\0`), 11);
    expect(answer.subarray(2, 11).toString('hex')).toBe('520000000800000000');
    client.socket.destroy();
  });

  it('passes a cancellation on', async () => {
    await using listener = await open();
    const client = await connect(listener.url);
    const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
    const slow = client.query('select pg_sleep(20)').catch((error: unknown) => error);
    const key = Buffer.alloc(8);
    key.writeInt32BE(processID, 0);
    key.writeInt32BE(secretKey, 4);
    const canceller = await RawClient.to(listener.address);
    canceller.socket.write(packet(80_877_102, key));
    expect(await canceller.rest()).toBe('');
    expect(await slow).toMatchObject({ code: '57014' });
    await client.end();
  });
});

describe('options of a listener', () => {
  const refused: [string, object, string, RegExp][] = [
    ['a path that is too long', { path: `/tmp/${'x'.repeat(110)}` }, 'CLOUDSQL_INVALID_OPTION', /at most 10[37] bytes/],
    ['another machine’s reach', { host: '0.0.0.0' }, 'CLOUDSQL_INVALID_OPTION', /other machines can reach/],
    ['a host name', { host: 'db.example.com' }, 'CLOUDSQL_INVALID_OPTION', /not an IP address/],
    ['a port out of range', { port: 65_536 }, 'CLOUDSQL_INVALID_OPTION', /`port`/],
    ['a path and a port', { path: '/tmp/x', port: 1 }, 'CLOUDSQL_CONFLICTING_OPTIONS', /`path`/],
    ['no auth on a socket', { auth: 'none' }, 'CLOUDSQL_CONFLICTING_OPTIONS', /permissions/],
    ['an unknown auth', { port: 0, auth: 'secrte' }, 'CLOUDSQL_INVALID_OPTION', /Did you mean `SECRET`/],
    ['an unknown option', { hots: 'x' }, 'CLOUDSQL_UNKNOWN_OPTION', /Did you mean `host`/],
    ['no instance', { instance: undefined }, 'CLOUDSQL_MISSING_OPTION', /instance/],
    ['a file in the way', { path: path.join(import.meta.dirname, 'cloud.ts') }, 'CLOUDSQL_LISTEN_FAILED', /cloud\.ts/],
  ];

  it.each(refused)('are refused: %s', async (_, options, code, message) => {
    await expect(open(options)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('are checked by listenSync as well, which opens no TCP port', () => {
    expect(() => listenSync({ instance, port: 0 })).toThrow(/Await `listen`/);
    expect(() => listenSync({ instance, path: `/tmp/${'x'.repeat(110)}` })).toThrow(/bytes/);
  });

  it('open a port to other machines only where two of them say so', async () => {
    await using listener = await listen({ instance, host: '0.0.0.0', reach: 'any' });
    expect(listener.address).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(await refusal(as(listener.url, appUser, 'wrong'))).toMatchObject({ code: '28P01' });
  });
});
