import path from 'node:path';
import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, run } from '../child.ts';
import { instance, native } from '../cloud.ts';
import { freePort } from '../free-port.ts';
import { isInstalled, mysqlUser, startMysqlCloud, withoutMysql } from '../mysql-cloud.ts';
import { ProxyProcess } from './proxy-process.ts';

// The client that people have, through the proxy as they start it.

const logins = [
  ['IAM', { user: mysqlUser, password: undefined }, 'iam'],
  ['a password', { user: native.name, password: native.password }, 'password'],
] as const;
const ways = ['TCP', 'a Unix socket'] as const;

describe.skipIf(withoutMysql || !isInstalled('mysql'))('the mysql client', () => {
  let cloud: Emulator;
  let proxy: ProxyProcess;
  const places: Record<string, readonly [TCP: readonly string[], socket: readonly string[]]> = {};

  beforeAll(async () => {
    cloud = await startMysqlCloud();
    const names: string[] = [];
    for (const [, , key] of logins) {
      const [port, socket] = [await freePort(), path.join(path.dirname(cloud.caFile), key)];
      const iam = `auto-iam-authn=${key === 'iam'}`;
      names.push(`${instance}?port=${port}&${iam}`, `${instance}?unix-socket-path=${socket}&${iam}`);
      places[key] = [['--host=127.0.0.1', `--port=${port}`], [`--socket=${socket}`]];
    }
    proxy = await ProxyProcess.ready([...names, '--max-connections', '3'], cloud.env);
  });

  afterAll(async () => {
    await proxy?.[Symbol.asyncDispose]();
    await cloud?.close();
  });

  /** Runs a query with the client; a password goes by the environment, as it should. */
  function query(key: string, way: (typeof ways)[number], sql: string, password?: string): Promise<Outcome> {
    const [, who] = logins.find(([, , each]) => each === key)!;
    const secret = password ?? who.password;
    const place = places[key]![way === 'TCP' ? 0 : 1];
    const env = { PATH: process.env.PATH, ...(secret === undefined ? {} : { MYSQL_PWD: secret }) };
    const args = [
      '--no-defaults',
      ...place,
      `--user=${who.user}`,
      '--batch',
      '--skip-column-names',
      '-e',
      sql,
      'orders',
    ];
    return run('mysql', args, { env });
  }

  it.each(logins.flatMap(([login, who, key]) => ways.map((way) => ({ login, way, key, user: who.user }))))(
    'logs in with $login over $way',
    async ({ key, way, user }) => {
      const sql = "select substring_index(current_user(), '@', 1), database(), length(repeat('x', 1000000))";
      expect(await query(key, way, sql)).toEqual({ code: 0, output: `${user}\torders\t1000000\n` });
    },
  );

  it('is told by the server that its password is wrong', async () => {
    const { code, output } = await query('password', 'TCP', 'select 1', 'wrong');
    expect(code).toBe(1);
    expect(output).toMatch(/ERROR 1045 \(28000\).*Access denied for user 'native'/);
  });

  it('is told in its own protocol that there are too many connections, or none to be had', async () => {
    await proxy.until(() => cloud.statistics().connections.open === 0);
    const held = ['iam', 'password', 'iam'].map((key) => query(key, 'TCP', 'select sleep(4)'));
    await proxy.until(() => cloud.statistics().connections.open === 3);
    expect((await query('iam', 'TCP', 'select 1')).output).toMatch(/\b1040\b.*All 3 connections are in use/);
    await Promise.all(held);
    await cloud.faults.connections(instance, 'REFUSED');
    // The proxy hears a moment later than the clients that their sessions are over.
    await expect
      .poll(async () => (await query('iam', 'a Unix socket', 'select 1')).output, { timeout: 10_000 })
      .toMatch(/\b1429\b.*No connection to 127\..*port 3307/s);
  });
});
