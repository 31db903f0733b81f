import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
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

/** Runs a query with the client; a password goes by the environment, as it should. */
function mysql(
  place: readonly string[],
  user: string,
  sql: string,
  password?: string,
  signal?: AbortSignal,
): Promise<Outcome> {
  const env = { PATH: process.env.PATH, ...(password === undefined ? {} : { MYSQL_PWD: password }) };
  const args = ['--no-defaults', ...place, `--user=${user}`, '--batch', '--skip-column-names', '-e', sql, 'orders'];
  return run('mysql', args, { env, ...(signal ? { signal } : {}) });
}

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

  afterEach(() => cloud.faults.clear());
  afterAll(async () => {
    await proxy?.[Symbol.asyncDispose]();
    await cloud?.close();
  });

  /** Runs a query with the client, at one of the places. */
  function query(
    key: string,
    way: (typeof ways)[number],
    sql: string,
    { password, signal }: { readonly password?: string; readonly signal?: AbortSignal } = {},
  ): Promise<Outcome> {
    const [, who] = logins.find(([, , each]) => each === key)!;
    return mysql(places[key]![way === 'TCP' ? 0 : 1], who.user, sql, password ?? who.password, signal);
  }

  it.each(logins.flatMap(([login, who, key]) => ways.map((way) => ({ login, way, key, user: who.user }))))(
    'logs in with $login over $way',
    async ({ key, way, user }) => {
      const sql = "select substring_index(current_user(), '@', 1), database(), length(repeat('x', 1000000))";
      expect(await query(key, way, sql)).toEqual({ code: 0, output: `${user}\torders\t1000000\n` });
    },
  );

  it('is told by the server that its password is wrong', async () => {
    const { code, output } = await query('password', 'TCP', 'select 1', { password: 'wrong' });
    expect(code).toBe(1);
    expect(output).toMatch(/ERROR 1045 \(28000\).*Access denied for user 'native'/);
  });

  it('is told in its own protocol that there are too many connections, or none to be had', async () => {
    await proxy.until(() => cloud.statistics().connections.open === 0);
    const enough = new AbortController();
    const { signal } = enough;
    const held = ['iam', 'password', 'iam'].map((key) => query(key, 'TCP', 'select sleep(60)', { signal }));
    const gone = Promise.allSettled(held);
    await proxy.until(() => cloud.statistics().connections.open === 3);
    expect((await query('iam', 'TCP', 'select 1')).output).toMatch(/\b1040\b.*All 3 connections are in use/);
    enough.abort();
    await gone;
    await cloud.faults.connections(instance, 'REFUSED');
    // The proxy hears a moment later than the clients that their sessions are over.
    await expect
      .poll(async () => (await query('iam', 'a Unix socket', 'select 1')).output, { timeout: 20_000 })
      .toMatch(/\b1429\b.*No connection to 127\..*port 3307/s);
  });

  it('needs the secret of the file over TCP with IAM, where one is demanded', async () => {
    const file = `${cloud.caFile}.secret`;
    const [guarded, own, socket] = [await freePort(), await freePort(), path.join(path.dirname(cloud.caFile), 'free')];
    const names = [
      `${instance}?port=${guarded}&auto-iam-authn=true`,
      `${instance}?port=${own}`,
      `${instance}?unix-socket-path=${socket}&auto-iam-authn=true`,
    ];
    await using safe = await ProxyProcess.ready([...names, '--require-local-secret', file], cloud.env);
    const secret = readFileSync(file, 'utf8').trim();
    const tcp = (port: number): readonly string[] => ['--host=127.0.0.1', `--port=${port}`];
    const sql = "select substring_index(current_user(), '@', 1)";
    expect(await mysql(tcp(guarded), mysqlUser, sql, secret)).toEqual({ code: 0, output: `${mysqlUser}\n` });
    for (const password of [undefined, 'wrong', native.password]) {
      const { code, output } = await mysql(tcp(guarded), mysqlUser, sql, password);
      expect(code).toBe(1);
      expect(output).toMatch(/ERROR 1045 \(28000\).*The password is not the secret of this listener/);
    }
    // There a password of the database, or the permissions of a file, are in the way already.
    expect(await mysql(tcp(own), native.name, sql, native.password)).toEqual({ code: 0, output: `${native.name}\n` });
    expect(await mysql([`--socket=${socket}`], mysqlUser, sql)).toEqual({ code: 0, output: `${mysqlUser}\n` });
    expect(safe.stdout + safe.stderr).not.toContain(secret);
  });
});
