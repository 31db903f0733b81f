import { type ConnectOptions, Connector } from '@x/cloudsql-core';
import type { Emulator } from '@x/cloudsql-emulator';
import mysql, { type ConnectionOptions } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { app, instance, native, setEnv } from './cloud.ts';
import { mysqlUser, startMysqlCloud, withoutMysql } from './mysql-cloud.ts';

// Who may log in to MySQL and who may not, as mysql2 sees it on a socket that somebody else has dialled. Each refusal
// stands beside a login that differs in one thing and works.

const ada = 'ada@example.com';
/** Has the same short name as {@link app}. */
const twin = 'app@other-shop.iam.gserviceaccount.com';
const noLogin = 'client@demo-shop.iam.gserviceaccount.com';
const stranger = 'stranger@demo-shop.iam.gserviceaccount.com';

const iamUsersOnly =
  'Cloud SQL MySQL: Automatic IAM authentication via the auth-proxy requires an IAM-authenticated user. Access denied for other users.';
const denied = (user: string, host: string, password: 'YES' | 'NO'): object => ({
  code: 'ER_ACCESS_DENIED_ERROR',
  errno: 1045,
  sqlState: '28000',
  message: `Access denied for user '${user}'@'${host}' (using password: ${password})`,
});
const throughProxy = 'cloudsqlproxy~127.0.0.1';

describe.skipIf(withoutMysql)('a login to MySQL', () => {
  let cloud: Emulator;
  const opened: Connector[] = [];

  beforeAll(async () => {
    cloud = await startMysqlCloud({
      principals: [
        { email: app },
        { email: ada },
        { email: twin },
        { email: noLogin, roles: ['cloudsql.client'] },
        { email: stranger },
      ],
    });
    for (const email of [ada, noLogin]) {
      await cloud.createUser(instance, { email, databaseRoles: ['cloudsqlsuperuser'] });
    }
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((connector) => connector.close()));
  });
  afterAll(() => cloud?.close());

  function connectorOf(email: string): Connector {
    setEnv({ ...cloud.env, CLOUDSQL_EMULATOR_PRINCIPAL: email });
    const connector = new Connector();
    opened.push(connector);
    return connector;
  }

  /** Logs in and returns who the server says it is. */
  async function whoAmI(
    email: string,
    authType: 'IAM' | 'PASSWORD',
    login: ConnectionOptions,
    connection: Partial<ConnectOptions> = {},
  ): Promise<string> {
    const how = authType === 'IAM' ? {} : { user: 'x', password: 'not looked at' };
    const socket = await connectorOf(email).connect({ instance, authType, ...how, ...connection });
    const options = { database: 'orders', ...login, stream: () => socket };
    const client = await mysql.createConnection(options as ConnectionOptions);
    try {
      const [rows] = await client.query('select current_user() as user');
      return (rows as { user: string }[])[0]!.user;
    } finally {
      await client.end();
    }
  }

  const tokenOf = async (email: string): Promise<string> => (await connectorOf(email).loginToken()).token;

  describe('with automatic IAM', () => {
    it.each(['PUBLIC', 'PRIVATE'])('lets a principal in under its short name (%s)', async (ipType) => {
      expect(await whoAmI(app, 'IAM', { user: mysqlUser }, { ipType })).toBe('app@%');
      expect(cloud.connections.at(-1)).toMatchObject({ user: 'app', principal: app, database: 'orders', ipType });
    });

    it('ignores a password, which some drivers insist on', async () => {
      expect(await whoAmI(ada, 'IAM', { user: 'ada', password: 'whatever' })).toBe('ada@%');
    });

    it('refuses the user of another principal', async () => {
      expect(await whoAmI(ada, 'IAM', { user: 'ada' })).toBe('ada@%');
      await expect(whoAmI(app, 'IAM', { user: 'ada' })).rejects.toMatchObject(denied('ada', throughProxy, 'NO'));
      await expect(whoAmI(app, 'IAM', { user: 'ada', password: 'x' })).rejects.toMatchObject(
        denied('ada', throughProxy, 'YES'),
      );
    });

    it('refuses another principal with the same short name', async () => {
      expect(await whoAmI(app, 'IAM', { user: mysqlUser })).toBe('app@%');
      await expect(whoAmI(twin, 'IAM', { user: mysqlUser })).rejects.toMatchObject(denied('app', throughProxy, 'NO'));
    });

    it('refuses a principal without the role cloudsql.instanceUser', async () => {
      expect(await whoAmI(app, 'IAM', { user: mysqlUser })).toBe('app@%');
      await expect(whoAmI(noLogin, 'IAM', { user: 'client' })).rejects.toMatchObject(
        denied('client', throughProxy, 'NO'),
      );
    });

    it('refuses a principal without a database user until it has one', async () => {
      const login = (): Promise<string> => whoAmI(stranger, 'IAM', { user: 'stranger', database: undefined! });
      await expect(login()).rejects.toMatchObject({ errno: 1045, message: iamUsersOnly });
      await cloud.createUser(instance, { email: stranger });
      expect(await login()).toBe('stranger@%');
      await cloud.deleteUser(instance, stranger);
      await expect(login()).rejects.toMatchObject({ errno: 1045, message: iamUsersOnly });
    });

    it('refuses users with a password, even with the right one', async () => {
      const login = { user: native.name, password: native.password };
      expect(await whoAmI(app, 'PASSWORD', login)).toBe('native@%');
      await expect(whoAmI(app, 'IAM', login)).rejects.toMatchObject({ errno: 1045, message: iamUsersOnly });
    });

    it('refuses the whole e-mail as a user name', async () => {
      expect(await whoAmI(app, 'IAM', { user: mysqlUser })).toBe('app@%');
      await expect(whoAmI(app, 'IAM', { user: app })).rejects.toMatchObject({ errno: 1045, message: iamUsersOnly });
    });

    it('leaves everything after the login to the database', async () => {
      await expect(whoAmI(app, 'IAM', { user: mysqlUser, database: 'nowhere' })).rejects.toMatchObject({
        code: 'ER_BAD_DB_ERROR',
        errno: 1049,
        sqlState: '42000',
        message: "Unknown database 'nowhere'",
      });
    });
  });

  describe('with a token as the password', () => {
    const manual = (email: string, user: string, password: string): Promise<string> =>
      whoAmI(email, 'PASSWORD', { user, password, enableCleartextPlugin: true } as ConnectionOptions);

    it('lets a principal in, whoever has dialled', async () => {
      expect(await manual(app, mysqlUser, await tokenOf(app))).toBe('app@%');
      expect(await manual(ada, mysqlUser, await tokenOf(app))).toBe('app@%');
    });

    it('refuses the token of another principal, even with the same short name, and what is no token', async () => {
      for (const password of [await tokenOf(ada), await tokenOf(twin), 'nonsense']) {
        await expect(manual(app, mysqlUser, password)).rejects.toMatchObject(denied('app', throughProxy, 'YES'));
      }
    });

    it('refuses a token without the login scope', async () => {
      const wrong = await fetch(`${cloud.url}/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
          subject_token: app,
          scope: 'https://www.googleapis.com/auth/devstorage.read_only',
        }),
      });
      const { access_token: token } = (await wrong.json()) as { access_token: string };
      await expect(manual(app, mysqlUser, token)).rejects.toMatchObject(denied('app', throughProxy, 'YES'));
    });

    it('refuses a principal without the role cloudsql.instanceUser', async () => {
      await expect(manual(app, 'client', await tokenOf(noLogin))).rejects.toMatchObject(
        denied('client', throughProxy, 'YES'),
      );
    });

    it('asks for the token in clear text, which a driver does not send unasked', async () => {
      const login = { user: mysqlUser, password: await tokenOf(app) };
      await expect(whoAmI(app, 'PASSWORD', login)).rejects.toMatchObject({ code: 'MYSQL_CLEAR_PASSWORD_NOT_ENABLED' });
    });
  });

  describe('with a password', () => {
    it('is between client and database', async () => {
      expect(await whoAmI(app, 'PASSWORD', { user: native.name, password: native.password })).toBe('native@%');
      for (const [user, password] of [
        [native.name, 'wrong'],
        ['nobody', 'x'],
        ['cloudsqladmin', ''],
        ['root', ''],
      ] as const) {
        await expect(whoAmI(app, 'PASSWORD', { user, password, database: undefined! })).rejects.toMatchObject(
          denied(user, 'localhost', password ? 'YES' : 'NO'),
        );
      }
    });

    it('does not lead to an IAM user later on', async () => {
      const socket = await connectorOf(app).connect({ instance, user: native.name, password: native.password });
      const options = { user: native.name, password: native.password, stream: () => socket };
      const client = await mysql.createConnection(options as ConnectionOptions);
      await expect(client.changeUser({ user: mysqlUser, password: '' })).rejects.toMatchObject({ errno: 1045 });
      client.destroy();
    });
  });

  it('gives an IAM user nothing that it was not granted', async () => {
    await cloud.createUser(instance, { email: stranger });
    await expect(whoAmI(stranger, 'IAM', { user: 'stranger' })).rejects.toMatchObject({
      errno: 1044,
      message: "Access denied for user 'stranger'@'%' to database 'orders'",
    });
    await cloud.deleteUser(instance, stranger);
  });

  it('opens the database as superuser by its URL', async () => {
    const admin = await mysql.createConnection(cloud.databaseUrl(instance, 'orders'));
    const [rows] = await admin.query('select current_user() as who, database() as place');
    await admin.end();
    expect(rows).toEqual([{ who: 'cloudsqladmin@%', place: 'orders' }]);
  });
});
