import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Emulator } from '@x/cloudsql-emulator';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shellQuote } from '../../packages/cloudsql-cli/src/cli/shell-quote.ts';
import { kill } from '../child.ts';
import { main } from '../cli/cloudsql.ts';
import { appUser, instance } from '../cloud.ts';
import { connect, query, refusal, until } from '../local-client.ts';
import { isInstalled } from '../mysql-cloud.ts';
import { startProxyCloud } from './proxy-cloud.ts';
import { ProxyProcess } from './proxy-process.ts';
import { get, onPort, proxyUrl } from './proxy-urls.ts';

let cloud: Emulator;

beforeAll(async () => {
  cloud = await startProxyCloud();
});

afterAll(() => cloud.close());

const open = (): number => cloud.statistics().connections.open;

describe('kill -9', () => {
  it('of a client ends its connection at the server, and makes room for the next one', async () => {
    await using proxy = await ProxyProcess.ready([await onPort(), '--max-connections', '1'], cloud.env);
    // It says nothing meanwhile: a server that is busy with a query looks for its client only afterwards.
    const psql = spawn('psql', ['-Xw', proxyUrl(proxy)], { stdio: ['pipe', 'ignore', 'ignore'] });
    await until(() => open() === 1);
    expect(await refusal(proxyUrl(proxy))).toMatchObject({ code: '53300' });
    await kill(psql);
    await until(() => open() === 0);
    expect(await query(proxyUrl(proxy))).toMatchObject({ user: appUser });
  });

  it('of the database’s process reaches the client, and the proxy serves the next one', async () => {
    await using proxy = await ProxyProcess.ready([await onPort()], cloud.env);
    const client = await connect(proxyUrl(proxy));
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const pending = client.query('select pg_sleep(60)');
    process.kill(rows[0]!.pid, 'SIGKILL');
    await expect(pending).rejects.toThrow(/terminat/);
    // The database takes a moment to recover, and says so meanwhile.
    await proxy.until(async () => (await query(proxyUrl(proxy)).catch(() => undefined)) !== undefined);
    expect(proxy.child.exitCode).toBeNull();
  });

  it('of the proxy ends the connections of clients and at the server', async () => {
    await using proxy = await ProxyProcess.ready([await onPort()], cloud.env);
    const client = await connect(proxyUrl(proxy));
    const lost = once(client, 'error');
    await until(() => open() === 1);
    await proxy.end('SIGKILL');
    expect(String(await lost)).toMatch(/terminated|ECONNRESET/);
    await until(() => open() === 0);
  });
});

describe('SIGTERM', () => {
  it('lets everything go on for the minimum delay, then only what is open, for the maximum', async () => {
    const delays = ['--min-sigterm-delay', '2s', '--max-sigterm-delay', '20s', '--health-check'];
    await using proxy = await ProxyProcess.ready([await onPort(), ...delays, '--http-port', '0'], cloud.env);
    const client = await connect(proxyUrl(proxy));
    proxy.child.kill('SIGTERM');
    await proxy.until(() => proxy.stdout.includes('Serving for another 2 s'));
    expect(await query(proxyUrl(proxy))).toMatchObject({ user: appUser });
    expect(await get(proxy.at('HTTP'), '/readiness')).toEqual([200, 'ok']);
    await proxy.until(async () => (await get(proxy.at('HTTP'), '/readiness'))[0] === 503);
    expect(await refusal(proxyUrl(proxy))).toMatchObject({ code: 'ECONNREFUSED' });
    expect((await client.query('select 42 as answer')).rows).toEqual([{ answer: 42 }]);
    await client.end();
    expect(await proxy.ended).toMatchObject({ code: 143, signal: null, stderr: '' });
    expect(proxy.stdout).not.toContain('still open');
  });

  it('ends what is left after the maximum delay, and the code is that of the signal', async () => {
    await using proxy = await ProxyProcess.ready([await onPort(), '--max-sigterm-delay', '500ms'], cloud.env);
    const client = await connect(proxyUrl(proxy));
    const pending = client.query('select pg_sleep(60)');
    const [end] = await Promise.all([proxy.end(), expect(pending).rejects.toThrow(/terminated|ECONNRESET/)]);
    expect(end.code).toBe(143);
    expect(end.stdout).toContain('1 connection is still open and is closed, after 0.5 s');
  });

  it('sent twice ends it at once', async () => {
    const delays = ['--min-sigterm-delay', '1h', '--max-sigterm-delay', '1h', '--exit-zero-on-sigterm'];
    await using proxy = await ProxyProcess.ready([await onPort(), ...delays], cloud.env);
    const client = await connect(proxyUrl(proxy));
    const pending = expect(client.query('select pg_sleep(60)')).rejects.toThrow(/terminated|ECONNRESET/);
    proxy.child.kill('SIGTERM');
    await proxy.until(() => proxy.stdout.includes('Serving for another 3600 s'));
    expect(await proxy.end()).toMatchObject({ code: 0, signal: null });
    await pending;
  });

  it('while it starts ends it, too', async () => {
    cloud.faults.api('connectSettings', { latencyMs: 20_000 });
    try {
      await using proxy = new ProxyProcess([await onPort(), '--quitquitquit', '--admin-port', '0'], cloud.env);
      await proxy.until(() => proxy.stdout.includes('admin server listens'));
      expect(await proxy.end('SIGINT')).toMatchObject({ code: 130, signal: null, stderr: '' });
    } finally {
      await cloud.faults.clear();
    }
  });
});

describe('SIGHUP', () => {
  it('lets what is open go on for the maximum delay, leaves nothing behind, and is no SIGTERM', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'hangup-'));
    const socket = path.join(folder, 's');
    const args = [`${instance}?unix-socket-path=${socket}&auto-iam-authn=true`, '--exit-zero-on-sigterm'];
    await using proxy = await ProxyProcess.ready([...args, '--max-sigterm-delay', '20s'], cloud.env);
    const client = new pg.Client({ host: socket, user: appUser, database: 'orders' });
    await client.connect();
    proxy.child.kill('SIGHUP');
    await proxy.until(() => proxy.stdout.includes('Shutting down: SIGHUP received'));
    expect((await client.query('select 42 as answer')).rows).toEqual([{ answer: 42 }]);
    await client.end();
    expect(await proxy.ended).toMatchObject({ code: 129, signal: null, stderr: '' });
    expect(readdirSync(socket)).toEqual([]);
    expect(proxy.addresses).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  it('of a terminal that is closed ends it the same way, though nobody can read the log', async ({ skip }) => {
    if (!isInstalled('script')) skip('the command script, which makes a terminal, is not installed');
    const folder = mkdtempSync(path.join(tmpdir(), 'hangup-'));
    const [socket, ready] = [path.join(folder, 's'), path.join(folder, 'ready.json')];
    const args = [`${instance}?unix-socket-path=${socket}&auto-iam-authn=true`, '--ready-file', ready];
    const line = ['exec', process.execPath, '--no-warnings', main, 'proxy', ...args].map(shellQuote).join(' ');
    const env = { PATH: process.env.PATH, SHELL: '/bin/sh', ...cloud.env };
    const terminal = spawn('script', ['-qfc', line, '/dev/null'], { stdio: ['pipe', 'ignore', 'ignore'], env });
    try {
      await until(() => existsSync(ready), 20_000);
      expect(readdirSync(socket)).not.toEqual([]);
    } finally {
      await kill(terminal);
    }
    await until(() => !existsSync(ready) && readdirSync(socket).length === 0);
    rmSync(folder, { recursive: true });
  });
});

describe('a full disk', () => {
  it('has no room for a Unix socket, which the proxy says', async ({ skip }) => {
    const folder = `${cloud.caFile}.disk`;
    mkdirSync(folder);
    // The folder itself takes one of the two.
    const mount = (): unknown =>
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'nr_inodes=2', 'tmpfs', folder], { stdio: 'pipe' });
    try {
      mount();
    } catch (error) {
      skip(`a disk that is full cannot be made here: ${(error as Error).message.split('\n')[0]}`);
    }
    try {
      const proxy = new ProxyProcess([`${instance}?unix-socket-path=${folder}/a`], cloud.env);
      await using _ = proxy;
      const { code, stderr } = await proxy.ended;
      expect(code).toBe(1);
      expect(stderr).toContain(`Cannot listen on ${folder}/a/.s.PGSQL.5432: ENOSPC: no space left on device`);
    } finally {
      execFileSync('umount', [folder]);
      rmSync(folder, { recursive: true });
    }
  });
});

it('goes on when nobody reads its log any more', async () => {
  await using proxy = await ProxyProcess.ready([await onPort()], cloud.env);
  proxy.child.stdout!.destroy();
  proxy.child.stderr!.destroy();
  for (let i = 0; i < 3; i++) expect(await query(proxyUrl(proxy))).toMatchObject({ user: appUser });
  proxy.child.kill('SIGTERM');
  expect(await once(proxy.child, 'exit')).toEqual([143, null]);
});
