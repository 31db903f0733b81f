import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { cli } from '../../packages/cloudsql-cli/test/cli.ts';
import { primary } from '../alloydb-cloud.ts';
import { app, appUser, setEnv } from '../cloud.ts';
import { open, query } from '../local-client.ts';
import { newcomer, startCliCloud } from './cli-cloud.ts';
import { cloudsql } from './cloudsql.ts';

const person = 'ann@example.com';
let cloud: Emulator;
let folder: string;

beforeAll(async () => {
  cloud = await startCliCloud({
    principals: [{ email: app, tokenCreators: [newcomer] }, { email: newcomer }, { email: person }],
  });
  folder = mkdtempSync(path.join(tmpdir(), 'token-'));
});

beforeEach(() => setEnv(cloud.env));
afterEach(() => vi.unstubAllEnvs());

afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true });
});

/** What `--format json` says. */
async function told(...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await cli(['login-token', '--format', 'json', ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** Credentials files in place of the emulator's own credentials. */
function withoutEmulatorVariables(): void {
  setEnv({ CLOUDSQL_EMULATOR_HOST: '', ALLOYDB_EMULATOR_HOST: '' });
}

describe('cloudsql login-token', () => {
  it('prints a token that logs in as the password, and nothing else', async () => {
    const { code, stdout, stderr } = await cli(['login-token']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^\S+\n$/);
    const listener = await open({ authType: 'PASSWORD', user: appUser, password: stdout.trim() });
    expect(await query(listener.url)).toEqual({ user: appUser, db: 'orders' });
    await listener.close();
  });

  it('says in JSON whose it is, what for and until when', async () => {
    const { token, expiresAt, ...rest } = await told();
    expect(token).toMatch(/\S{10}/);
    const left = Date.parse(String(expiresAt)) - Date.now();
    expect(left).toBeGreaterThan(3_000_000);
    expect(left).toBeLessThanOrEqual(3_600_000);
    expect(rest).toEqual({
      user: appUser,
      principal: app,
      scopes: ['https://www.googleapis.com/auth/sqlservice.login'],
      narrowed: 'YES',
      checked: true,
      kind: 'emulator',
      source: 'the emulator, because CLOUDSQL_EMULATOR_HOST is set',
      impersonates: [],
    });
  });

  it('has the scope of AlloyDB for an instance of AlloyDB', async () => {
    expect(await told('--instance', primary)).toMatchObject({
      scopes: ['https://www.googleapis.com/auth/alloydb.login'],
      user: appUser,
    });
  });

  it('shortens the user as MySQL demands', async () => {
    expect(await told('--engine', 'mysql')).toMatchObject({ user: 'app', principal: app });
    const { stdout } = await cli(['login-token', '--engine', 'mysql', '--format', 'env']);
    expect(stdout).toMatch(/^export MYSQL_PWD=\S+\nexport LIBMYSQL_ENABLE_CLEARTEXT_PLUGIN=1\n$/);
  });

  it('prints variables that a shell evaluates', async () => {
    const { stdout } = await cli(['login-token', '--format', 'env']);
    const script = `${stdout}printf '%s|%s|%s' "$PGUSER" "$PGPASSWORD" "$PGSSLMODE"`;
    const [user, token, mode] = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('|');
    expect({ user, mode }).toEqual({ user: appUser, mode: 'require' });
    expect(token).toMatch(/^\S{10,}$/);
  });

  it('acts as a service account', async () => {
    setEnv({ CLOUDSQL_EMULATOR_PRINCIPAL: newcomer });
    expect(await told('--impersonate-service-account', app)).toMatchObject({ principal: app, impersonates: [app] });
  });

  it.each([
    ['service_account', (): string => cloud.serviceAccountFile(app), { principal: app, checked: true }],
    ['authorized_user', (): string => cloud.authorizedUserFile(person), { principal: person, user: person }],
    [
      'impersonated',
      (): string => cloud.impersonatedFile(newcomer, { target: app }),
      { principal: app, checked: true },
    ],
  ])('works with a file of the type %s', async (_, file, expected) => {
    withoutEmulatorVariables();
    expect(await told('--credentials-file', file())).toMatchObject({ ...expected, narrowed: 'YES' });
  });

  it('works with the metadata server', async () => {
    // The CA of the emulator, which is Google here, is read when a process starts.
    const google = cloud.googleEnv(app, { intercept: true });
    const { code, stdout, stderr } = await cloudsql(['login-token', '--format', 'json'], {
      ...google,
      ...cloud.metadataEnv(app),
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'metadata_server', principal: app, user: appUser, checked: true });
  });

  it('says that nobody can be asked about the token of a federated principal', async () => {
    withoutEmulatorVariables();
    const { code, stdout, stderr } = await cli(['login-token', '--credentials-file', cloud.credentialsFile(app)]);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'warning: nobody can be asked about a token of this kind; it was not checked.\n',
    });
    expect(stdout).toMatch(/^\S+\n$/);
  });

  it('fails where the token is refused when it is looked at', async () => {
    cloud.faults.api('tokeninfo', { status: 400 });
    const { code, stdout, stderr } = await cli(['login-token']);
    await cloud.faults.clear();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('answered 400 when asked whose token it is');
    expect(stderr).toContain('CLOUDSQL_TOKEN_FAILED');
  });

  it('fails for an account that is not logged in', async () => {
    setEnv({ CLOUDSQL_EMULATOR_PRINCIPAL: 'nobody@example.com' });
    expect(await cli(['login-token'])).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('CLOUDSQL_TOKEN_FAILED'),
    });
  });
});

describe('cloudsql login-token --format pgpass', () => {
  const args = (file: string, ...more: string[]): string[] => [
    ...['login-token', '--format', 'pgpass', '--output', file, '--host', '203.0.113.7', ...more],
  ];

  it('writes a file that only its owner can read, and says nothing', async () => {
    const file = path.join(folder, 'pgpass');
    expect(await cli(args(file))).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toMatch(/^203\.0\.113\.7:5432:\*:app@demo-shop\.iam:\S+\n$/);
  });

  it('replaces its own line, keeps others, and takes the file away from other users', async () => {
    const file = path.join(folder, 'mine');
    writeFileSync(file, `203.0.113.7:5432:*:${appUser}:old\nother:5432:*:me:secret\n`);
    chmodSync(file, 0o644);
    expect(await cli(args(file))).toMatchObject({ code: 0 });
    const lines = readFileSync(file, 'utf8').split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).not.toContain(':old');
    expect(lines[1]).toBe('other:5432:*:me:secret');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await cli(args(file, '--database', 'a:b\\c', '--port', '6432'));
    expect(readFileSync(file, 'utf8')).toMatch(/^203\.0\.113\.7:6432:a\\:b\\\\c:app@/);
  });

  it.each([
    [['--format', 'pgpass', '--host', 'h'], 'A password file is not printed\n  Name it with --output'],
    [['--format', 'pgpass', '-o', 'x'], '--format pgpass needs the address of the server'],
    [['--host', 'h'], '--host is about --format pgpass'],
    [['--format', 'yaml'], 'Allowed choices are token, json, env, pgpass'],
    [['--instance', 'x'], '"x" is not an instance connection name'],
  ])('%j is refused', async (more, message) => {
    const { code, stderr } = await cli(['login-token', ...more]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
  });

  it('says which file cannot be written', async () => {
    const { code, stderr } = await cli(args('/nowhere/pgpass'));
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'error: /nowhere/pgpass cannot be written (ENOENT)\n  Choose another file.\n',
    });
  });
});

describe('the help of cloudsql login-token', () => {
  it('shows a direct connection', async () => {
    expect((await cli(['login-token', '--help'])).stdout).toContain("psql 'host=203.0.113.7 sslmode=require");
  });
});
