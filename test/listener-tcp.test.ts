import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from './child.ts';
import { appUser, native, setEnv, startCloud } from './cloud.ts';
import { as, open, packet, query, RawClient, refusal } from './local-client.ts';

let cloud: Emulator;

beforeAll(async () => {
  cloud = await startCloud();
  setEnv(cloud.env);
});

afterAll(() => cloud.close());

const login = packet(196_608, `user\0${appUser}\0database\0orders\0\0`);

describe('a TCP listener with a secret', () => {
  it('lets in whoever has its URL', async () => {
    await using listener = await open({ port: 0 });
    expect(listener.url).toMatch(/^postgresql:\/\/[\w-]+:[\w-]{32}@127\.0\.0\.1:\d+\/orders\?/);
    expect(await query(listener.url)).toEqual({ user: appUser, db: 'orders' });
    await using v6 = await open({ host: '[::1]' });
    expect(await query(v6.url)).toEqual({ user: appUser, db: 'orders' });
  });

  it('shows the secret nowhere else', async () => {
    await using listener = await open({ port: 0 });
    const [, secret = ''] = /:([\w-]{32})@/.exec(listener.url) ?? [];
    expect(secret).not.toBe('');
    expect(inspect(listener, { depth: 9, showHidden: true, getters: false })).not.toContain(secret);
    expect(JSON.stringify(listener)).not.toContain(secret);
    expect(await refusal(as(listener.url, appUser, `${secret}x`))).toMatchObject({ code: '28P01' });
  });

  it('refuses everybody else before anything is dialled', async () => {
    await using listener = await open({ port: 0 });
    cloud.resetStatistics();
    expect(await refusal(as(listener.url, appUser, 'wrong'))).toMatchObject({ severity: 'FATAL', code: '28P01' });
    expect((await refusal(listener.url.replace(/:[\w-]{32}@/, '@'))).message).toMatch(/password must be a string/);
    const replies = [
      Buffer.from('p\0\0\0\x04', 'latin1'),
      Buffer.from('p\0\0\0\x05\0', 'latin1'),
      Buffer.from('Q\0\0\0\x0dselect 1\0', 'latin1'),
      Buffer.from('pÿÿÿÿ', 'latin1'),
      Buffer.from('p\0\0\0\x26SCRAM-SHA-256\0\0\0\0\x10y,,n=*,r=abcdefg', 'latin1'),
    ];
    for (const reply of replies) {
      const client = await RawClient.to(listener.address);
      client.socket.write(login);
      // The last one is a proper beginning, which this is no proper end of.
      client.socket.end(Buffer.concat([reply, Buffer.from('p\0\0\0\x0bc=biws,', 'latin1')]));
      expect(await client.rest()).toContain('C28P01');
    }
    expect(cloud.statistics().connections.total).toBe(0);
  });

  it('tells psql the same', async ({ skip }) => {
    const found = await run('psql', ['--version']).catch(() => undefined);
    if (found?.code !== 0) skip('psql is not installed');
    await using listener = await open({ port: 0 });
    const psql = (url: string) => run('psql', ['--no-psqlrc', '-wAtc', 'select current_user', url]);
    expect(await psql(listener.url)).toEqual({ code: 0, output: `${appUser}\n` });
    expect((await psql(as(listener.url, appUser, 'wrong'))).output).toContain(
      'FATAL:  The password is not the secret of this listener',
    );
    expect((await psql(listener.url.replace(/:[\w-]{32}@/, '@'))).output).toContain('no password supplied');
  });

  it('hides the login at the server: its client has shown the secret and is asked for nothing more', async () => {
    await using withPassword = await open({ port: 0, user: native.name, password: native.password });
    expect(await query(withPassword.url)).toMatchObject({ user: 'native' });
    await using withToken = await open({ port: 0, authType: 'IAM_MANUAL' });
    expect(await query(withToken.url)).toMatchObject({ user: appUser });
    await using withNeither = await open({ port: 0 });
    const error = await refusal(withNeither.url.replace(/\/\/[^:]*/, '//native'));
    expect(error).toMatchObject({ code: '28P01', hint: expect.stringContaining('Unix socket') });
  });

  it('cancels nothing for somebody who is not even logged in', async () => {
    await using listener = await open({ port: 0 });
    cloud.resetStatistics();
    const client = await RawClient.to(listener.address);
    client.socket.write(packet(80_877_102, Buffer.alloc(8)));
    expect(await client.rest()).toBe('');
    expect(cloud.statistics().connections.total).toBe(0);
  });
});

describe('a TCP listener without a secret', () => {
  it("is open when it is told so, in any user's hands", async () => {
    await using listener = await open({ port: 0, auth: 'none' });
    expect(listener.url).toMatch(/\/\/[\w-]+@127/);
    expect(await query(listener.url)).toMatchObject({ user: appUser });
  });

  it.each(['127.0.0.1', '::1'])('may look at whom a connection from %s belongs to', async (host) => {
    await using listener = await open({ host, auth: 'PEER' });
    expect(await query(listener.url)).toMatchObject({ user: appUser });
  });
});

describe('another user of the machine', () => {
  const nobody = 65_534;

  /** What somebody else gets who connects and sends a StartupMessage. */
  async function intrude(target: string): Promise<string> {
    const script = `
      const socket = require('node:net').connect(JSON.parse(process.argv[1]));
      socket.on('connect', () => socket.write(Buffer.from(process.argv[2], 'hex')));
      socket.on('error', (error) => console.log(error.code));
      socket.on('data', (data) => { console.log(data.toString('latin1')); socket.destroy(); });`;
    const child = spawn(process.execPath, ['-e', script, target, login.toString('hex')], { uid: nobody, cwd: '/' });
    let output = '';
    for await (const chunk of child.stdout) output += chunk;
    return output;
  }

  it('gets in neither by the socket nor by the port', async ({ skip }) => {
    if (process.getuid?.() !== 0) skip('only root can become another user');
    await using peers = await open({ port: 0, auth: 'PEER' });
    const port = Number(peers.address.split(':')[1]);
    expect(await intrude(JSON.stringify({ port, host: '127.0.0.1' }))).toContain(
      `The client belongs to the user ${nobody}`,
    );
    await using inTemp = await open();
    expect(await intrude(JSON.stringify({ path: inTemp.address }))).toBe('EACCES\n');
    const shared = mkdtempSync(path.join(tmpdir(), 'shared-'));
    try {
      chmodSync(shared, 0o755);
      await using inShared = await open({ path: shared });
      expect(await intrude(JSON.stringify({ path: inShared.address }))).toBe('EACCES\n');
      const theirs = path.join(shared, 'theirs');
      mkdirSync(theirs);
      chmodSync(theirs, 0o777);
      await expect(open({ path: theirs })).rejects.toMatchObject({ code: 'CLOUDSQL_LISTEN_FAILED' });
    } finally {
      rmSync(shared, { recursive: true });
    }
  });
});
