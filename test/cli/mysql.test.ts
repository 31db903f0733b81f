import { execFile } from 'node:child_process';
import { once } from 'node:events';
import type { Emulator } from '@x/cloudsql-emulator';
import { createConnection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { StepReport } from '../../packages/cloudsql-cli/src/doctor/steps.ts';
import { cli } from '../../packages/cloudsql-cli/test/cli.ts';
import { app, instance, native, setEnv } from '../cloud.ts';
import { isInstalled, mysqlInstance, mysqlUser, startMysqlCloud, withoutMysql } from '../mysql-cloud.ts';
import { newcomer } from './cli-cloud.ts';
import { cloudsql, shown, startCommand } from './cloudsql.ts';

const visitor = 'visitor@demo-shop.iam.gserviceaccount.com';
let cloud: Emulator;

beforeAll(async () => {
  if (withoutMysql) return;
  const users = [
    ...(mysqlInstance.users ?? []),
    { email: visitor },
    { name: 'guest', password: 'secret', databaseRoles: [] },
  ];
  cloud = await startMysqlCloud({
    principals: [{ email: app }, { email: newcomer }, { email: visitor, roles: ['cloudsql.client'] }],
    instances: [{ ...mysqlInstance, users }],
  });
});

afterEach(() => vi.unstubAllEnvs());
afterAll(() => cloud?.close());

const select = 'select current_user(), database()';

describe.skipIf(withoutMysql)('for MySQL', () => {
  it.skipIf(!isInstalled('mysql'))('cloudsql exec lets mysql in, by the variables of MySQL', async () => {
    const program = `mysql --socket="$MYSQL_UNIX_PORT" --user="$MYSQL_USER" --database="$MYSQL_DATABASE" -NBe '${select}'; echo "$DATABASE_URL"`;
    const astray = { MYSQL_HOST: '192.0.2.1', MYSQL_PWD: 'x' };
    const args = ['exec', instance, '--database', 'orders', '--', 'sh', '-c', program];
    const { code, stdout, stderr } = await cloudsql(args, { ...cloud.env, ...astray });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [row = '', url = ''] = stdout.split('\n');
    expect(row).toMatch(/^app@\S+\torders$/);
    expect(url).toMatch(/^mysql:\/\/app@localhost\/orders\?socketPath=/);
  });

  it('cloudsql exec --tcp has a URL that drivers take', async () => {
    const program = `import(${JSON.stringify(import.meta.resolve('mysql2/promise'))}).then(async ({ createConnection }) => {
      const connection = await createConnection(process.env.DATABASE_URL);
      console.log((await connection.query('select current_user() as name'))[0][0].name.split('@')[0]);
      await connection.end();
    })`;
    const args = ['exec', instance, '-d', 'orders', '--tcp', '--', process.execPath, '-e', program];
    expect(await cloudsql(args, cloud.env)).toEqual({ code: 0, stdout: 'app\n', stderr: '' });
  });

  it.skipIf(!isInstalled('mysql'))('cloudsql connect starts mysql', async () => {
    const args = ['connect', `${instance}?database=orders`, '--', '-NBe', select];
    const { code, stdout, stderr } = await cloudsql(args, cloud.env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^app@\S+\torders\n$/);
  });

  it.skipIf(!isInstalled('mysql'))(
    'cloudsql connect --tunnel prints a line for mysql that works, and a URL',
    async () => {
      const child = startCommand(
        ['connect', instance, '-d', 'orders', '--tunnel', '--auth', 'secret', '--port', '0'],
        cloud.env,
      );
      const screen = await shown(child, /gets in/);
      const line = /^ {2}mysql +(.*)$/m.exec(screen)?.[1] ?? '';
      expect(line).toMatch(
        /^MYSQL_PWD=\S+ mysql --protocol=tcp --host=127\.0\.0\.1 --port=\d+ --user=app --database=orders$/,
      );
      const stdout = await new Promise<string>((resolve) => {
        execFile('sh', ['-c', `${line} -NBe 'select database()'`], (_error, text) => resolve(text));
      });
      expect(stdout).toBe('orders\n');
      const connection = await createConnection(/^ {2}URL +(.*)$/m.exec(screen)?.[1] ?? '');
      const [rows] = await connection.query('select database() as db');
      expect(rows).toEqual([{ db: 'orders' }]);
      await connection.end();
      child.kill();
      await once(child, 'close');
    },
  );

  it.each([
    ['that all is well', [], app, 0, undefined, `${mysqlUser}@% is logged in to orders`, undefined],
    [
      'that there is no such user',
      [],
      newcomer,
      23,
      'user',
      'there is no database user newcomer',
      `gcloud sql users create ${newcomer}`,
    ],
    [
      'that the principal may not log in',
      [],
      visitor,
      24,
      'login',
      'visitor does not exist, or its principal may not log in',
      'gcloud sql users create',
    ],
    [
      'that there is no such database',
      ['-d', 'nothing'],
      app,
      24,
      'login',
      'there is no database nothing',
      'gcloud sql databases create nothing',
    ],
    [
      'that the password is wrong',
      ['-U', native.name, '--password-variable', 'WRONG'],
      app,
      24,
      'login',
      'the password of native is wrong',
      'gcloud sql users set-password native',
    ],
    [
      'that a user may not use the database',
      ['-U', 'guest', '--password-variable', 'SECRET'],
      app,
      24,
      'login',
      'guest may not connect to the database orders',
      'GRANT SELECT, INSERT, UPDATE, DELETE ON `orders`',
    ],
  ] as const)('cloudsql doctor says %s', async (_, args, principal, code, failed, found, mends) => {
    const env = { ...cloud.env, CLOUDSQL_EMULATOR_PRINCIPAL: principal, WRONG: 'wrong', SECRET: 'secret' };
    setEnv(env);
    const outcome = await cli(
      ['doctor', `${instance}`, '--json', ...(args.includes('-d' as never) ? [] : ['-d', 'orders']), ...args],
      env,
    );
    const answer = JSON.parse(outcome.stdout) as { failed?: string; steps: StepReport[] };
    const step = answer.steps.find((each) => each.step === (failed ?? 'login'));
    expect({ code: outcome.code, failed: answer.failed, found: step?.found }).toEqual({ code, failed, found });
    if (mends !== undefined) expect(step?.remedy?.[0]).toContain(mends);
  });
});
