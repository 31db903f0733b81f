import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli } from '../../packages/cloudsql-cli/test/cli.ts';
import { primary } from '../alloydb-cloud.ts';
import { firstLine } from '../child.ts';
import { app, appUser, instance, native } from '../cloud.ts';
import { query } from '../local-client.ts';
import { startCliCloud } from './cli-cloud.ts';
import { cloudsql, shown, startCommand } from './cloudsql.ts';

// Names of their own, because a name decides which port its tunnel has.
const suffix = randomBytes(4).toString('hex');
const orders = `${instance}-${suffix}`;
const alloyDb = `${primary}-${suffix}`;

let cloud: Emulator;

beforeAll(async () => {
  const users = [{ email: app, databaseRoles: ['cloudsqlsuperuser'] }, native];
  cloud = await startCliCloud({
    instances: [
      { name: orders, databases: ['orders'], users },
      { name: alloyDb, databases: ['orders'], users: [{ email: app }] },
    ],
  });
});

afterAll(() => cloud.close());

const who = { user: appUser, db: 'orders' };

describe('cloudsql connect', () => {
  it('starts psql, which reads what is typed', async () => {
    const child = startCommand(['connect', `${alloyDb}?database=orders`, '--', '-XAt'], cloud.env);
    let output = '';
    child.stdout?.on('data', (chunk) => (output += chunk));
    child.stdin?.end('select current_user, current_database();\n\\q\n');
    const [code] = await once(child, 'close');
    expect({ code, output }).toEqual({ code: 0, output: `${appUser}|orders\n` });
  });

  it('returns what psql returns', async () => {
    const args = ['connect', orders, '--', '-Xc', 'select 1/0'];
    expect(await cloudsql(args, cloud.env)).toMatchObject({ code: 1, stderr: 'ERROR:  division by zero\n' });
  });

  it('says what to do without psql', async () => {
    const outcome = await cloudsql(['connect', orders], { ...cloud.env, PATH: '/nowhere' });
    expect(outcome).toEqual({
      code: 1,
      stdout: '',
      stderr: `error: Cannot run psql: it was not found in PATH.\n  Install it, or add --tunnel and use another client.\n`,
    });
  });
});

describe('cloudsql connect --tunnel', () => {
  it.runIf(process.platform === 'linux')('prints a line for psql that works, and a URL, without a secret', async () => {
    const child = startCommand(['connect', orders, '-d', 'orders', '--tunnel'], cloud.env);
    const output = await shown(child, /get in/);
    const line = /^ {2}psql +(.*)$/m.exec(output)?.[1] ?? '';
    expect(line).toMatch(
      /^psql 'host=127\.0\.0\.1 port=[23]\d{4} user=app@demo-shop\.iam dbname=orders sslmode=disable'$/,
    );
    const [, stdout] = await new Promise<[Error | null, string]>((resolve) => {
      execFile('sh', ['-c', `${line} -XAtc 'select current_user'`], (error, text) => resolve([error, text]));
    });
    expect(stdout).toBe(`${appUser}\n`);
    const url = /^ {2}URL +(.*)$/m.exec(output)?.[1] ?? '';
    expect(await query(url)).toEqual(who);
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([130, null]);
    await expect(query(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('has the same port each time, and says so where it is taken', async () => {
    const start = async (...more: string[]): Promise<{ url: string; port: number; stop: () => Promise<unknown> }> => {
      const child = startCommand(['connect', alloyDb, '-d', 'orders', '--tunnel', '--json', ...more], cloud.env);
      const { url, port } = JSON.parse(await firstLine(child)) as { url: string; port: number };
      const stop = (): Promise<unknown> => {
        child.kill('SIGTERM');
        return once(child, 'close');
      };
      return { url, port, stop };
    };
    const first = await start('--auth', 'secret');
    expect(new URL(first.url).password).toMatch(/.{20}/);
    expect(await query(first.url)).toEqual(who);
    const again = await cloudsql(['connect', alloyDb, '--tunnel'], cloud.env);
    expect(again).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`Cannot listen on 127.0.0.1:${first.port}`),
    });
    expect(await first.stop()).toEqual([143, null]);
    const second = await start('--auth', 'none');
    expect(second.port).toBe(first.port);
    expect(new URL(second.url).password).toBe('');
    expect(await query(second.url)).toEqual(who);
    await second.stop();
  });

  it('is over when the terminal is closed', async () => {
    const child = startCommand(['connect', orders, '-d', 'orders', '--tunnel', '--json', '--port', '0'], cloud.env);
    const { url } = JSON.parse(await firstLine(child)) as { url: string };
    child.kill('SIGHUP');
    expect(await once(child, 'close')).toEqual([129, null]);
    await expect(query(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('lets a client bring the password of a built-in user', async () => {
    const user = ['--user', native.name, '--auth-type', 'password', '--auth', 'none', '--port', '0'];
    const child = startCommand(['connect', orders, '-d', 'orders', '--tunnel', '--json', ...user], cloud.env);
    const { url } = JSON.parse(await firstLine(child)) as { url: string };
    const whole = url.replace('native@', `native:${encodeURIComponent(native.password)}@`);
    expect(await query(whole)).toEqual({ user: 'native', db: 'orders' });
    child.kill();
    await once(child, 'close');
  });
});

describe('a wrong command line of cloudsql connect', () => {
  it.each([
    [['p:r:i', '--port', '1'], '--port is about a tunnel\n  Add --tunnel.'],
    [['p:r:i', '--json'], '--json is about a tunnel'],
    [['p:r:i', '--tunnel', '--', '-c', 'x'], 'A tunnel starts no client'],
    [['p:r:i', '--tunnel', '--port', '70000'], 'It is a number from 0 to 65535.'],
    [['p:r:i', '--tunnel', '--auth', 'me'], 'Allowed choices are peer, secret, none'],
  ])('%j is refused', async (args, message) => {
    const { code, stderr } = await cli(['connect', ...args]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
  });
});
