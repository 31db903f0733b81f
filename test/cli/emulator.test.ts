import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli } from '../../packages/cloudsql-cli/test/cli.ts';
import { app, appUser, instance } from '../cloud.ts';
import { until } from '../local-client.ts';
import { cloudsql, main, shown, startCommand } from './cloudsql.ts';

let folder: string;
let env: Record<string, string>;
let config: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'emulator-'));
  const temporary = path.join(folder, 'tmp');
  mkdirSync(temporary);
  env = { TMPDIR: temporary, XDG_RUNTIME_DIR: temporary };
  config = path.join(folder, 'emulator.yaml');
  const user = `{ email: ${app}, databaseRoles: [cloudsqlsuperuser] }`;
  writeFileSync(config, `instances:\n  - name: ${instance}\n    databases: [orders]\n    users: [${user}]\n`);
});

afterAll(() => rmSync(folder, { recursive: true }));

/** What is left of emulators, but for the folder of the locator. */
function litter(): string[] {
  return readdirSync(env.TMPDIR!).filter((name) => !name.startsWith('cloudsql-emulators-'));
}

const self = [process.execPath, '--disable-warning=CLOUDSQL_EMULATOR', main];
const psql = (sql: string, ...flags: string[]): string[] => [
  ...self,
  ...['exec', instance, '-d', 'orders', ...flags, '--', 'psql', '-XAqtc', sql],
];

describe('cloudsql emulator', { timeout: 60_000 }, () => {
  it('says what there is, is found by env-init, and leaves nothing behind', async () => {
    const child = startCommand(['emulator', '--config', config, '--port', '0'], env);
    const screen = await shown(child, /Ctrl-C ends it/);
    expect(screen).toMatch(
      /^The emulator of Cloud SQL and AlloyDB \(\S+\) is ready at 127\.0\.0\.1:\d+, after [\d.]+ s\.\n/,
    );
    expect(screen).toContain(`  ${instance}  POSTGRES_18\n    addresses  PUBLIC 127.`);
    expect(screen).toContain('    databases  orders\n');
    expect(screen).toContain(`    users      ${appUser} (IAM service account)\n`);
    const line = /^ {2}cloudsql (connect .*)$/m.exec(screen)?.[1] ?? '';
    const { code, stdout } = await cloudsql(['emulator', 'env-init', '--format', 'json'], env);
    expect(code).toBe(0);
    const variables = JSON.parse(stdout) as Record<string, string>;
    expect(screen).toContain(`  CLOUDSQL_EMULATOR_HOST=${variables.CLOUDSQL_EMULATOR_HOST}\n`);
    const select = ['--', '-XAtc', 'select current_user'];
    expect(await cloudsql([...line.split(' '), ...select], { ...env, ...variables })).toEqual({
      code: 0,
      stdout: `${appUser}\n`,
      stderr: '',
    });
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([130, null]);
    expect(litter()).toEqual([]);
    const [note] = readdirSync(env.TMPDIR!);
    expect(readdirSync(path.join(env.TMPDIR!, note!))).toEqual([]);
    expect(await cloudsql(['emulator', 'env-init'], env)).toEqual({
      code: 1,
      stdout: '',
      stderr: 'error: No emulator is running\n  Start one with `cloudsql emulator`.\n',
    });
  });

  it('ended while it starts, leaves nothing behind', async () => {
    const child = startCommand(['emulator', '--port', '0'], env);
    await until(() => litter().length > 0);
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([130, null]);
    expect(litter()).toEqual([]);
  });

  it('says which port is taken', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const outcome = await cloudsql(['emulator', '--port', String(port)], env);
    server.close();
    expect(outcome).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        new RegExp(
          `^error: Cannot listen on 127\\.0\\.0\\.1:${port}: .*\\n  End the program that has it, or use --port 0`,
        ),
      ),
    });
    expect(litter()).toEqual([]);
  });
});

describe('cloudsql emulator exec', { timeout: 150_000 }, () => {
  it('runs a command that is sent to it, makes what the command asks for, and returns its exit code', async () => {
    const [program = '', ...args] = psql('select current_user, current_database()');
    const line = [program, ...args].map((word) => `'${word}'`).join(' ');
    const outcome = await cloudsql(['emulator', 'exec', '--', 'sh', '-c', `${line}; exit 7`], env);
    expect(outcome).toEqual({ code: 7, stdout: 'app@demo-project.iam|orders\n', stderr: '' });
    expect(litter()).toEqual([]);
  });

  it('makes an instance where its name says it is, also when doctor comes first', async () => {
    const doctor = [...self, 'doctor', instance, '--database', 'orders'];
    const { code, stdout } = await cloudsql(['emulator', 'exec', '--', ...doctor], env);
    expect(stdout).toContain('All is well.');
    expect(code).toBe(0);
  });

  it('captures programs that know of no emulator', async () => {
    const unaware = ['env', '-u', 'CLOUDSQL_EMULATOR_HOST', '-u', 'ALLOYDB_EMULATOR_HOST', ...self];
    const args = [
      'emulator',
      'exec',
      '--config',
      config,
      '--intercept',
      '--',
      ...unaware,
      'login-token',
      '--format',
      'json',
    ];
    const { code, stdout } = await cloudsql(args, env);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'service_account', principal: app, checked: true });
  });

  it('keeps databases in a folder, and exports and imports them', async () => {
    const exported = path.join(folder, 'exported');
    const made = [
      '--config',
      config,
      '--export-on-exit',
      exported,
      '--',
      ...psql('create table kept as select 42 as n'),
    ];
    expect(await cloudsql(['emulator', 'exec', ...made], env)).toEqual({ code: 0, stdout: '', stderr: '' });
    const data = path.join(folder, 'data');
    const imported = ['--import', exported, '--data-dir', data, '--', ...psql('update kept set n = n + 1 returning n')];
    expect(await cloudsql(['emulator', 'exec', ...imported], env)).toMatchObject({ code: 0, stdout: '43\n' });
    const again = ['--data-dir', data, '--', ...psql('update kept set n = n + 1 returning n')];
    expect(await cloudsql(['emulator', 'exec', ...again], env)).toMatchObject({ code: 0, stdout: '44\n' });
    expect(litter()).toEqual([]);
  });
});

describe('a wrong command line of cloudsql emulator', () => {
  it.each([
    [['--config', '/nowhere.yaml'], 'Cannot read the configuration /nowhere.yaml: ENOENT'],
    [['--port', 'x'], 'It is a number from 0 to 65535.'],
    [
      ['start'],
      'cloudsql emulator has no command start\n  Without a command it starts one; there are exec and env-init.',
    ],
    [['exec'], "missing required argument 'command'"],
    [['exec', 'npm', 'test'], 'The command to run is not set apart\n  Put -- before it.'],
    [['env-init', '--format', 'csh'], 'Allowed choices are sh, fish, pwsh, dotenv, json'],
  ])('%j is refused', async (args, message) => {
    const { code, stderr } = await cli(['emulator', ...args]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
  });

  it('names the file and the key that are wrong', async () => {
    const wrong = path.join(folder, 'wrong.yaml');
    writeFileSync(wrong, readFileSync(config, 'utf8').replace('databases', 'database'));
    const { code, stderr } = await cli(['emulator', '--config', wrong]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(`${wrong}: `) });
    expect(stderr).toContain("'databases'");
  });
});
