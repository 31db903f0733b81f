import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { instance } from '../cloud.ts';
import { type SqlServerCloud, sqlUser, startSqlServerCloud } from '../sql-server-cloud.ts';
import { cloudsql } from './cloudsql.ts';

let cloud: SqlServerCloud;

beforeAll(async () => {
  cloud = await startSqlServerCloud();
});

afterAll(() => cloud.close());

describe('for SQL Server', () => {
  const login = ['--user', sqlUser.user, '--password-variable', 'SECRET'];
  const env = (): Record<string, string> => ({ ...cloud.emulator.env, SECRET: sqlUser.password });

  it.runIf(process.platform === 'linux')(
    'cloudsql exec lets drivers in by a URL, and sqlcmd by its variables',
    async () => {
      const names = ['DATABASE_URL', 'SQLCMDSERVER', 'SQLCMDUSER', 'SQLCMDDBNAME', 'SQLCMDPASSWORD'];
      const tedious = import.meta.resolve('tedious');
      const program = `import(${JSON.stringify(tedious)}).then(({ default: { Connection } }) => {
      const [server, port] = process.env.SQLCMDSERVER.split(',');
      const connection = new Connection({ server, options: { port: Number(port), encrypt: false, database: process.env.SQLCMDDBNAME },
        authentication: { type: 'default', options: { userName: process.env.SQLCMDUSER, password: process.env.SQLCMDPASSWORD } } });
      connection.connect((error) => {
        console.log(JSON.stringify([String(error), ...${JSON.stringify(names)}.map((name) => process.env[name])]));
        connection.close();
      });
    })`;
      const args = ['exec', instance, '-d', 'orders', ...login, '--', process.execPath, '-e', program];
      const { code, stdout, stderr } = await cloudsql(args, env());
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const [error, url, server, ...rest] = JSON.parse(stdout) as string[];
      expect(error).toBe('undefined');
      expect(url).toContain(
        `sqlserver://${server?.replace(',', ':')};database={orders};user={app};password={correct horse}`,
      );
      expect(rest).toEqual([sqlUser.user, 'orders', sqlUser.password]);
    },
  );

  it('cloudsql exec leaves the login to the client where no user is named, and knows no IAM login', async () => {
    const shown = ['--', 'sh', '-c', 'echo "[$SQLCMDUSER$SQLCMDPASSWORD]"'];
    expect(await cloudsql(['exec', instance, ...shown], env())).toEqual({
      code: 0,
      stdout: '[]\n',
      stderr: '',
    });
    const { code, stderr } = await cloudsql(['exec', instance, '--auth-type', 'iam', ...shown], env());
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('SQL Server') });
  });

  it('cloudsql doctor comes as far as the login', async () => {
    const { code, stdout } = await cloudsql(['doctor', instance, ...login], env());
    expect(
      stdout,
    ).toContain(`– login        not tried: the doctor does not speak SQLSERVER_2022_STANDARD. Try it with a client
               cloudsql connect ${instance} --user ${sqlUser.user}

Nothing is wrong up to the login, which was not tried.
`);
    expect({ code, stdout }).toMatchObject({ code: 0 });
  });
});
