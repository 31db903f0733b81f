import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Emulator } from '@x/cloudsql-emulator';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cli } from '../../packages/cloudsql-cli/test/cli.ts';
import { primary } from '../alloydb-cloud.ts';
import { firstLine, kill } from '../child.ts';
import { appUser, instance, native } from '../cloud.ts';
import { Project } from '../documented.ts';
import { until } from '../local-client.ts';
import { newcomer, startCliCloud } from './cli-cloud.ts';
import { cloudsql, main, startCommand } from './cloudsql.ts';

let cloud: Emulator;
let folder: string;
let env: Record<string, string>;

beforeAll(async () => {
  cloud = await startCliCloud();
  folder = mkdtempSync(path.join(tmpdir(), 'exec-'));
  env = { ...cloud.env, TMPDIR: folder };
});

afterEach(() => {
  expect(readdirSync(folder).filter((name) => name.startsWith('cloudsql-'))).toEqual([]);
});

afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true });
});

const select = 'select current_user, current_database()';
const psql = ['--', 'psql', '-XAtc', select];
const node = (program: string): string[] => ['--', process.execPath, '-e', program];
const shown = (...names: string[]): string[] =>
  node(`console.log(JSON.stringify(${JSON.stringify(names)}.map((name) => process.env[name] ?? null)))`);

describe('cloudsql exec', { timeout: 60_000 }, () => {
  it('lets psql in as who the credentials stand for, whatever the environment says', async () => {
    const before = cloud.statistics().connections.total;
    const astray = { PGHOSTADDR: '127.0.0.1', PGPASSWORD: 'x', PGSSLMODE: 'verify-full', PGSERVICE: 'other' };
    const outcome = await cloudsql(['exec', instance, '--database', 'orders', ...psql], { ...env, ...astray });
    expect(outcome).toEqual({ code: 0, stdout: `${appUser}|orders\n`, stderr: '' });
    expect(cloud.statistics().connections.total).toBe(before + 1);
  });

  it('reaches AlloyDB, and over TCP', async () => {
    const outcome = await cloudsql(['exec', `${primary}?database=orders`, '--tcp', ...psql], env);
    expect(outcome).toEqual({ code: 0, stdout: `${appUser}|orders\n`, stderr: '' });
    expect(cloud.connections.at(-1)).toMatchObject({ instance: primary, ipType: 'PRIVATE' });
  });

  it('migrates with drizzle-kit, whose configuration knows DATABASE_URL only', async () => {
    const files = {
      'drizzle.config.ts': `export default {
        dialect: 'postgresql', schema: './schema.ts', dbCredentials: { url: process.env.DATABASE_URL },
      };`,
      'schema.ts': `import { pgTable, serial } from 'drizzle-orm/pg-core';
        export const pushed = pgTable('pushed_by_exec', { id: serial('id').primaryKey() });`,
    };
    const project = new Project(files, path.join(import.meta.dirname, '../node_modules'));
    try {
      const line = `npx node --no-warnings ${main} exec ${instance} -d pushed -- drizzle-kit push --force`;
      const bin = path.join(import.meta.dirname, '../node_modules/.bin');
      const outcome = await project.run(line, {
        ...cloud.env,
        PATH: `${bin}:${path.dirname(process.execPath)}:${process.env.PATH}`,
      });
      expect(outcome).toMatchObject({ code: 0, output: expect.stringContaining('Changes applied') });
      expect(project.litter()).toEqual([]);
    } finally {
      project.remove();
    }
    const client = new pg.Client(cloud.databaseUrl(instance, 'pushed'));
    await client.connect();
    const { rows } = await client.query("select tableowner from pg_tables where tablename = 'pushed_by_exec'");
    await client.end();
    expect(rows).toEqual([{ tableowner: appUser }]);
  });

  it('logs a built-in user in whose password is in a file or a variable', async () => {
    const file = path.join(folder, 'password');
    writeFileSync(file, `${native.password}\n`);
    const user = ['exec', instance, '--user', native.name];
    const fromFile = await cloudsql([...user, '--password-file', file, ...psql], env);
    expect(fromFile).toEqual({ code: 0, stdout: 'native|postgres\n', stderr: '' });
    const variable = ['--password-variable', 'MINE', ...psql];
    const fromVariable = await cloudsql([...user, ...variable], { ...env, MINE: native.password });
    expect(fromVariable).toEqual(fromFile);
    rmSync(file);
  });

  it('names variables as it is told to, and those of several instances apart', async () => {
    const names = ['PGHOST', 'PGPORT', 'PGUSER', 'PGDATABASE', 'PGPASSWORD', 'PGSSLMODE', 'DB_USER', 'DB_URL'];
    const more = ['ALLOY_PGDATABASE', 'ALLOY_PGUSER', 'ORDERS_PGDATABASE', 'ALLOY_DATABASE_URL', 'DATABASE_URL'];
    const instances = ['--instance', `alloy=${primary}?database=orders`, '--instance', instance];
    const sets = ['--set', 'DB_USER=user', '--set', 'DB_URL=url'];
    const args = ['exec', instance, '-d', 'orders', ...instances, ...sets, ...shown(...names, ...more)];
    const { code, stdout, stderr } = await cloudsql(args, { ...env, PGPASSWORD: 'inherited' });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const values = JSON.parse(stdout) as (string | null)[];
    const [host, ...rest] = values.slice(0, 7);
    expect(host).toContain(`${folder}/cloudsql-`);
    expect(rest).toEqual(['5432', appUser, 'orders', null, 'disable', appUser]);
    expect(values.slice(8, 11)).toEqual(['orders', appUser, 'orders']);
    expect(values[7]).toBe(values[12]);
    expect(values[11]).toMatch(/^postgresql:.*\/orders\?host=/);
    expect(values[11]).not.toBe(values[12]);
  });

  it('keeps the secret of a TCP port out of command lines', async () => {
    const program = `const { readFileSync, readdirSync } = require('node:fs');
      const lines = readdirSync('/proc').filter(Number).flatMap((id) => {
        try { return readFileSync('/proc/' + id + '/cmdline', 'utf8'); } catch { return []; } });
      const secret = process.env.PGPASSWORD;
      console.log(secret.length > 20 && process.env.DATABASE_URL.includes(secret), lines.some((each) => each.includes(secret)));`;
    const { stdout, stderr } = await cloudsql(['exec', instance, '--tcp', ...node(program)], env);
    expect({ stdout, stderr }).toEqual({ stdout: 'true false\n', stderr: '' });
  });

  it.each([
    ['an exit code', node('process.exit(7)'), 7],
    ['a signal', node("process.kill(process.pid, 'SIGKILL')"), 137],
    ['the end of its terminal', node("process.kill(process.pid, 'SIGHUP')"), 129],
    ['a program that is not there', ['--', 'no-such-program'], 127],
    ['a program that is none', ['--', '/'], 126],
  ])('returns %s', async (_, command, code) => {
    expect(await cloudsql(['exec', instance, ...command], env)).toMatchObject({ code });
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('passes %s on, and waits for the end', async (signal) => {
    const program = `process.on('${signal}', () => setTimeout(() => { console.log('late'); process.exit(3); }, 50));
      setInterval(() => {}, 1000); console.log('ready');`;
    const child = startCommand(['exec', instance, ...node(program)], env);
    let output = '';
    child.stdout?.on('data', (chunk) => (output += chunk));
    await once(child.stdout!, 'data');
    child.kill(signal);
    const [code] = await once(child, 'close');
    expect({ code, output }).toEqual({ code: 3, output: 'ready\nlate\n' });
  });

  it('removes what one that was killed has left, and nothing else', async () => {
    const standing = startCommand(
      ['exec', instance, ...node("console.log('ready'); setInterval(() => {}, 1000)")],
      env,
    );
    await firstLine(standing);
    const killed = startCommand(
      ['exec', instance, ...node('console.log(process.pid); setInterval(() => {}, 1000)')],
      env,
    );
    const orphan = Number(await firstLine(killed));
    const all = (): string[] => readdirSync(folder).filter((name) => name.startsWith('cloudsql-'));
    const gone = kill(killed);
    process.kill(orphan, 'SIGKILL');
    await gone;
    const others = ['cloudsql-empty0', 'cloudsql-fuller'].map((name) => path.join(folder, name));
    for (const each of others) mkdirSync(each, { mode: 0o700 });
    writeFileSync(path.join(others[1]!, '.s.PGSQL.5432'), 'not a socket');
    expect(all()).toHaveLength(4);
    // None of these is old enough to be anybody's but its maker's.
    expect(await cloudsql(['exec', instance, ...psql], env)).toMatchObject({ code: 0 });
    expect(all()).toHaveLength(4);
    for (const name of all()) utimesSync(path.join(folder, name), 0, 0);
    expect(await cloudsql(['exec', instance, ...psql], env)).toMatchObject({ code: 0 });
    expect(all()).toHaveLength(3);
    standing.kill('SIGTERM');
    expect(await once(standing, 'close')).toEqual([143, null]);
    expect(all()).toEqual(others.map((each) => path.basename(each)));
    for (const each of others) rmSync(each, { recursive: true });
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'is ended by %s while it connects, and leaves nothing behind',
    async (signal) => {
      // The second instance keeps it waiting, when the first has its socket.
      cloud.faults.api('connectionInfo', { latencyMs: 20_000 });
      const child = startCommand(['exec', instance, '--instance', primary, ...node('')], env);
      try {
        await until(() => readdirSync(folder).length > 0);
        child.kill(signal);
        expect(await once(child, 'close')).toEqual([null, signal]);
      } finally {
        await cloud.faults.clear();
      }
    },
  );

  it('says what is wrong before the command starts', async () => {
    const args = ['exec', 'demo-shop:europe-west1:nothing', ...node("console.log('started')")];
    expect(await cloudsql(args, env)).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('CLOUDSQL_INSTANCE_NOT_FOUND'),
    });
  });

  it('says which of the command line contradicts the emulator', async () => {
    const args = ['exec', instance, '--token', 'x', '--login-token', 'y', '--', 'true'];
    expect(await cloudsql(args, env)).toEqual({
      code: 2,
      stdout: '',
      stderr: `error: CLOUDSQL_EMULATOR_HOST is set beside flags that name credentials or an address of the API.
  Unset the variable to go to Google, or leave these flags out to go to the emulator.
  CLOUDSQL_CONFLICTING_OPTIONS
`,
    });
  });

  it('lets the client hear what the database says of a user that is not there', async () => {
    const as = { ...env, CLOUDSQL_EMULATOR_PRINCIPAL: newcomer };
    expect(await cloudsql(['exec', instance, ...psql], as)).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(
        'Cloud SQL IAM service account authentication failed for user "newcomer@demo-shop.iam"',
      ),
    });
  });
});

describe('a wrong command line of cloudsql exec', () => {
  it.each([
    [[], "missing required argument 'instance'"],
    [['p:r:i'], "missing required argument 'command'"],
    [['p:r:i', 'psql'], 'The command to run is not set apart\n  Put -- before it.'],
    [['p:r', '--', 'psql'], '"p:r" is not an instance connection name'],
    [['p:r:i?schema=x', '--', 'psql'], 'has the parameter schema\n  There are database, user, ip-type, auth-type.'],
    [['p:r:i?user=', '--', 'psql'], '"p:r:i?user=" leaves user empty'],
    [['p:r:i?user=a&user=b', '--', 'psql'], 'says user twice'],
    [['p:r:i?ip-type=near', '--', 'psql'], "Expected `ipType` to be 'PUBLIC', 'PRIVATE' or 'PSC', got \"NEAR\""],
    [['p:r:i', '--auth-type', 'x', '--', 'psql'], 'Allowed choices are iam, iam-manual, password'],
    [['p:r:i', '--auth-type', 'password', '--', 'psql'], 'A password login needs a user\n  Add --user.'],
    [['p:r:i', '--private-ip', '--psc', '--', 'psql'], '--private-ip and --psc contradict each other'],
    [['p:r:i', '--password-variable', 'NO', '--', 'psql'], '--password-variable names NO, which is not set'],
    [['p:r:i', '--password-file', '/no', '--', 'psql'], '--password-file: /no cannot be read (ENOENT)'],
  ])('%j is refused', async (args, message) => {
    const { code, stdout, stderr } = await cli(['exec', ...args]);
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining(message) });
  });

  it('has help that a person can read', async () => {
    const { code, stdout } = await cli(['exec', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('Usage: cloudsql exec [options] <instance> -- <command...>');
    expect(stdout).toContain('npx prisma migrate deploy');
  });
});
