import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { primary } from '../alloydb-cloud.ts';
import { cloudsql } from '../cli/cloudsql.ts';
import { appUser, instance, native } from '../cloud.ts';
import { freePort } from '../free-port.ts';
import { as, connect, query, refusal } from '../local-client.ts';
import { startProxyCloud } from './proxy-cloud.ts';
import { ProxyProcess } from './proxy-process.ts';
import { get, onPort, proxyUrl } from './proxy-urls.ts';

let cloud: Emulator;
const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));

beforeAll(async () => {
  cloud = await startProxyCloud();
});

afterEach(() => cloud.faults.clear());
afterAll(() => cloud.close());

describe('the start', { timeout: 60_000 }, () => {
  it('says where everything is, as JSON, and that it is ready', async () => {
    await using proxy = await ProxyProcess.ready([await onPort(), await onPort(primary), '-l'], cloud.env);
    const lines = proxy.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const ready = lines.at(-1);
    expect(ready).toMatchObject({
      severity: 'INFO',
      message: 'The proxy has started successfully and is ready for new connections!',
      addresses: proxy.addresses,
    });
    expect(ready?.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(proxy.addresses.map((each) => each.instance)).toEqual([instance, primary]);
    expect(await query(proxyUrl(proxy))).toEqual({ user: appUser, db: 'orders' });
    expect(await query(proxyUrl(proxy, primary))).toEqual({ user: appUser, db: 'orders' });
  });

  it('fails where instances do not exist, even with ports of their own, and names each', async () => {
    const missing = ['demo-shop:europe-west1:missing', 'demo-shop:europe-west1:gone'] as const;
    const proxy = new ProxyProcess([await onPort(missing[0]), await onPort(missing[1]), await onPort()], cloud.env);
    await using _ = proxy;
    const { code, stderr, stdout } = await proxy.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[demo-shop:/);
    for (const name of missing) expect(stderr).toContain(`[${name}] The instance cannot be served: `);
    expect(stderr).toMatch(
      / The proxy has encountered a terminal error: demo-shop:europe-west1:(missing|gone) cannot be served\n$/,
    );
    expect(stderr.split('answered 404')).toHaveLength(3);
    expect(stdout).not.toContain('ready');
  });

  it('warns about a secret that others can read, and does not show it', async () => {
    const args = [
      await onPort(instance, ''),
      '--token',
      'no-secret-here',
      '--sqladmin-api-endpoint',
      'http://127.0.0.1:9',
    ];
    const proxy = new ProxyProcess(args, {});
    await using _ = proxy;
    const { code, stderr, stdout } = await proxy.ended;
    expect(code).toBe(1);
    expect(stdout).toContain('Every user of this machine can read the value of --token. Set CSQL_PROXY_TOKEN instead.');
    expect(stdout + stderr).not.toContain('no-secret-here');
  });

  it('goes on without it if it is told to, and fails where none is left', async () => {
    const missing = 'demo-shop:europe-west1:missing';
    await using proxy = await ProxyProcess.ready([missing, await onPort(), '--skip-failed-instance-config'], cloud.env);
    expect(proxy.addresses).toHaveLength(1);
    expect(proxy.stderr).toContain(`[${missing}] The instance is skipped: `);
    const alone = new ProxyProcess([missing, '--skip-failed-instance-config'], cloud.env);
    await using _ = alone;
    expect(await alone.ended).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('None of the instances can be served'),
    });
  });

  it('connects to every instance before it says ready, if it is told to', async () => {
    const before = cloud.statistics().connections.total;
    await using proxy = await ProxyProcess.ready([await onPort(), '--run-connection-test'], cloud.env);
    await proxy.until(() => cloud.statistics().connections.total === before + 1);
    expect(proxy.stdout.indexOf('connection test succeeded')).toBeLessThan(proxy.stdout.indexOf('ready for new'));
    await cloud.faults.connections(instance, 'REFUSED');
    const failing = new ProxyProcess([await onPort(), '--run-connection-test'], cloud.env);
    await using _ = failing;
    expect(await failing.ended).toMatchObject({ code: 1, stderr: expect.stringContaining('No connection to 127.') });
  });

  it('fails where the port is taken, whoever has it', async () => {
    await using first = await ProxyProcess.ready([await onPort()], cloud.env);
    const port = first.at(instance).split(':')[1];
    const second = new ProxyProcess([`${instance}?port=${port}`], cloud.env);
    await using _ = second;
    expect(await second.ended).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`Cannot listen on 127.0.0.1:${port}: listen EADDRINUSE`),
    });
    const http = new ProxyProcess(
      [await onPort(), '--health-check', '--http-address', '127.0.0.1', `--http-port=${port}`],
      cloud.env,
    );
    await using __ = http;
    expect(await http.ended).toMatchObject({ code: 1, stderr: expect.stringContaining('Cannot open the HTTP server') });
  });
});

describe('Unix sockets', () => {
  it('are named as Google’s, private unless they are told otherwise, and go in the end', async () => {
    await using proxy = await ProxyProcess.ready(
      [instance, `${primary}?unix-socket-mode=777`, '-u', `${cloud.caFile}.s`, '-i'],
      cloud.env,
    );
    const [own, shared] = [proxy.at(instance), proxy.at(primary)];
    expect(own).toBe(`${cloud.caFile}.s/${instance}/.s.PGSQL.5432`);
    expect(shared).toBe(`${cloud.caFile}.s/demo-shop.europe-west1.main.primary/.s.PGSQL.5432`);
    expect((statSync(own).mode & 0o777).toString(8)).toBe('600');
    expect((statSync(shared).mode & 0o777).toString(8)).toBe('777');
    const at = `postgresql://${encodeURIComponent(appUser)}@localhost/orders?host=${encodeURIComponent(path.dirname(own))}`;
    expect(await query(at)).toMatchObject({ user: appUser });
    expect(await proxy.end()).toMatchObject({ code: 143 });
    expect(existsSync(own)).toBe(false);
  });

  it('take the place of what a killed proxy left', async () => {
    const socket = `${cloud.caFile}.k`;
    const start = (): Promise<ProxyProcess> =>
      ProxyProcess.ready([`${instance}?unix-socket-path=${socket}&auto-iam-authn=true`], cloud.env);
    {
      await using killed = await start();
      await killed.end('SIGKILL');
      expect(existsSync(killed.at(instance))).toBe(true);
    }
    await using proxy = await start();
    expect(await query(`postgresql://${encodeURIComponent(appUser)}@localhost/orders?host=${socket}`)).toMatchObject({
      user: appUser,
    });
    expect(proxy.at(instance)).toBe(`${socket}/.s.PGSQL.5432`);
  });

  it('whose path is too long are an error that says how long it may be', async () => {
    const proxy = new ProxyProcess([`${instance}?unix-socket-path=/tmp/${'x'.repeat(100)}`], cloud.env);
    await using _ = proxy;
    const { code, stderr } = await proxy.ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(/The path of a Unix socket has at most 10[37] bytes, this one has 119/);
  });
});

describe('connections', () => {
  it('are limited in all and for one instance, and who is refused is told so', async () => {
    const names = [await onPort(instance, 'auto-iam-authn=true&max-connections=1'), await onPort(primary)];
    await using proxy = await ProxyProcess.ready([...names, '--max-connections', '2', '-l'], cloud.env);
    const clients = [await connect(proxyUrl(proxy))];
    expect(await refusal(proxyUrl(proxy))).toMatchObject({
      code: '53300',
      message: expect.stringContaining('All 1 connections'),
    });
    clients.push(await connect(proxyUrl(proxy, primary)));
    expect(await refusal(proxyUrl(proxy, primary))).toMatchObject({
      code: '53300',
      message: expect.stringContaining('All 2 connections'),
    });
    await Promise.all(clients.map((client) => client.end()));
    await proxy.until(() => proxy.stdout.split('"connection closed"').length > 2);
    expect(await query(proxyUrl(proxy))).toMatchObject({ user: appUser });
    const refused = proxy.stdout.split('\n').find((line) => line.includes('refused a connection')) ?? '{}';
    expect(JSON.parse(refused)).toMatchObject({ severity: 'INFO', code: 'CLOUDSQL_TOO_MANY_SESSIONS', instance });
  });

  it('that cannot be made are errors of the database’s own, with what to do', async () => {
    await using proxy = await ProxyProcess.ready([await onPort()], cloud.env);
    await cloud.faults.connections(instance, 'REFUSED');
    expect(await refusal(proxyUrl(proxy))).toMatchObject({
      severity: 'FATAL',
      code: '08006',
      detail: expect.stringMatching(/^CLOUDSQL_DIAL_FAILED/),
      hint: expect.stringContaining('port 3307'),
    });
    await proxy.until(() => proxy.stderr.includes(`[${instance}] failed to connect to instance: `));
  });

  it('need the secret of the file, where one is demanded', async () => {
    const file = `${cloud.caFile}.secret`;
    await using proxy = await ProxyProcess.ready([await onPort(), '--require-local-secret', file], cloud.env);
    const secret = readFileSync(file, 'utf8').trim();
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
    expect(proxy.stdout).not.toContain('Every user of this machine');
    expect(proxy.stdout + proxy.stderr).not.toContain(secret);
    expect(await query(as(proxyUrl(proxy), appUser, secret))).toMatchObject({ user: appUser });
    expect(await refusal(as(proxyUrl(proxy), appUser, 'wrong'))).toMatchObject({ code: '28P01' });
    writeFileSync(file, '');
    const empty = new ProxyProcess([await onPort(), '--require-local-secret', file], cloud.env);
    await using _ = empty;
    expect(await empty.ended).toMatchObject({ code: 2, stderr: expect.stringContaining('it is empty') });
  });

  it.runIf(process.platform === 'linux')('may be those of the same user only', async () => {
    await using proxy = await ProxyProcess.ready([await onPort(), '--require-same-user'], cloud.env);
    expect(await query(proxyUrl(proxy))).toMatchObject({ user: appUser });
  });

  it('are warned about where every user of the machine can make them, and other machines', async () => {
    await using proxy = await ProxyProcess.ready(
      [await onPort(instance, 'address=0.0.0.0&auto-iam-authn=true')],
      cloud.env,
    );
    expect(proxy.stdout).toContain('Every user of this machine can log in here with the identity of the proxy');
    expect(proxy.stdout).toContain('Other machines can reach this address');
    await using quiet = await ProxyProcess.ready([await onPort(instance, ''), '--quiet'], cloud.env);
    expect(await query(as(proxyUrl(quiet), native.name, native.password))).toMatchObject({ user: 'native' });
    expect(quiet.stdout + quiet.stderr).toBe('');
  });
});

describe('the HTTP servers', () => {
  it('tell the truth, before, while and after', async () => {
    const args = [await onPort(), '--health-check', '--prometheus', '--http-port', String(await freePort())];
    await using proxy = await ProxyProcess.ready(
      [...args, '--min-sigterm-delay', '1s', '--max-sigterm-delay', '20s'],
      cloud.env,
    );
    const http = proxy.at('HTTP');
    expect(await get(http, '/startup')).toEqual([200, 'ok']);
    expect(await get(http, '/liveness')).toEqual([200, 'ok']);
    expect(await get(http, '/readiness')).toEqual([200, 'ok']);
    expect(await get(http, '/elsewhere')).toEqual([404, 'not found']);
    await cloud.faults.connections(instance, 'REFUSED');
    await refusal(proxyUrl(proxy));
    await proxy.until(async () => (await get(http, '/readiness'))[0] === 503);
    expect((await get(http, '/readiness'))[1]).toContain(`(instance "${instance}")`);
    await cloud.faults.clear();
    await proxy.until(async () => (await get(http, '/readiness'))[0] === 200);
    const client = await connect(proxyUrl(proxy));
    expect((await get(http, '/metrics'))[1]).toMatch(
      new RegExp(`^cloudsqlconn_open_connections\\{cloudsql_instance="${instance}"\\} 1$`, 'm'),
    );
    proxy.child.kill('SIGTERM');
    await proxy.until(async () => (await get(http, '/readiness'))[0] === 503);
    expect(await get(http, '/liveness')).toEqual([200, 'ok']);
    await client.end();
    expect((await proxy.ended).code).toBe(143);
  });

  it.runIf(hasIpv6)('are where they are told to be, with brackets around what has colons', async () => {
    const args = [await onPort(), '--health-check', '--http-address', '::1', '--http-port', '0'];
    await using proxy = await ProxyProcess.ready(args, cloud.env);
    expect(proxy.at('HTTP')).toMatch(/^\[::1\]:\d+$/);
    expect(await get(proxy.at('HTTP'), '/startup')).toEqual([200, 'ok']);
    const nowhere = new ProxyProcess(
      [await onPort(), '--health-check', '--http-address', 'nowhere.invalid'],
      cloud.env,
    );
    await using _ = nowhere;
    expect(await nowhere.ended).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Cannot open the HTTP server at nowhere.invalid:9090: getaddrinfo '),
    });
  });

  it('take fewer instances than all for enough, if they are asked about so many', async () => {
    const args = [await onPort(), await onPort(primary), '--health-check', '--http-port', '0'];
    await using proxy = await ProxyProcess.ready(args, cloud.env);
    const http = proxy.at('HTTP');
    await cloud.faults.connections(instance, 'REFUSED');
    await refusal(proxyUrl(proxy));
    await proxy.until(async () => (await get(http, '/readiness'))[0] === 503);
    expect(await get(http, '/readiness?min-ready=1')).toEqual([200, 'ok']);
    expect(await get(http, '/readiness?min-ready=2')).toEqual([503, expect.stringContaining(instance)]);
    for (const wrong of ['3', '0', 'all', '']) {
      expect(await get(http, `/readiness?min-ready=${wrong}`)).toEqual([400, 'min-ready must be from 1 to 2']);
    }
  });

  it('say 503 at the start until every instance can be reached, if that is wanted', async () => {
    await cloud.faults.connections(instance, 'REFUSED');
    const port = String(await freePort());
    const args = [await onPort(), '--health-check', '--with-backend-check', '--http-port', port];
    await using proxy = await ProxyProcess.ready(args, cloud.env);
    expect(await get(proxy.at('HTTP'), '/startup')).toEqual([503, expect.stringContaining(instance)]);
    const waiting = await cloudsql(['proxy', 'wait', '--max', '500ms', '--http-port', port], {});
    expect(waiting).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('has not started within 500ms: '),
    });
    await cloud.faults.clear();
    // `wait` reads the variables that the proxy reads.
    const waited = await cloudsql(['proxy', 'wait'], { CSQL_PROXY_HTTP_PORT: port });
    expect(waited).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('end the proxy when they are asked to, as `proxy shutdown` does with the same file', async () => {
    const file = path.join(path.dirname(cloud.caFile), 'proxy.toml');
    writeFileSync(file, `quitquitquit = true\ndebug = true\nadmin-port = ${await freePort()}\n`);
    await using proxy = await ProxyProcess.ready([await onPort(), '--config-file', file], cloud.env);
    const admin = proxy.at('admin');
    expect(await get(admin, '/debug/pprof/profile?seconds=0.05')).toEqual([200, expect.stringMatching(/^\{"nodes":/)]);
    expect((await fetch(`http://${admin}/quitquitquit`, { method: 'DELETE' })).status).toBe(400);
    expect(await cloudsql(['proxy', 'shutdown', '--config-file', file], {})).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
    expect(await proxy.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('/quitquitquit was called') });
    expect(await cloudsql(['proxy', 'shutdown', '--config-file', file], {})).toMatchObject({ code: 1, stdout: '' });
  });
});

it('reads what it is from a file, in every format', async () => {
  mkdirSync(`${cloud.caFile}.d`);
  const file = `${cloud.caFile}.d/proxy.yaml`;
  writeFileSync(file, `instance-connection-name: ${await onPort()}\nstructured-logs: true\n`);
  await using proxy = await ProxyProcess.ready([], { ...cloud.env, CSQL_PROXY_CONFIG_FILE: file });
  expect(await query(proxyUrl(proxy))).toMatchObject({ user: appUser });
  expect(proxy.stdout).toMatch(/^\{"timestamp":/);
});
