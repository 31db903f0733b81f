import { AuthTypes, Connector, IpAddressTypes } from '@google-cloud/cloud-sql-connector';
import type { Emulator } from '@x/cloudsql-emulator';
import { GoogleAuth } from 'google-auth-library';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { app, appUser, instance, native, setEnv, startCloud } from './cloud.ts';
import { mysqlInstance, mysqlUser, startMysqlCloud, withoutMysql } from './mysql-cloud.ts';

// Google's own connector, unchanged: that it connects shows that the emulator tells the truth.

const named = 'demo-shop:europe-west1:named';

let cloud: Emulator;

beforeAll(async () => {
  cloud = await startCloud();
  setEnv(cloud.googleEnv(app));
});

afterAll(() => cloud.close());

describe.each([IpAddressTypes.PUBLIC, IpAddressTypes.PRIVATE])('the official connector over a %s address', (ipType) => {
  it.each([
    ['IAM', { authType: AuthTypes.IAM }, { user: appUser }],
    ['a password', { authType: AuthTypes.PASSWORD }, { user: native.name, password: native.password }],
  ])('logs in with %s', async (_, options, login) => {
    const connector = new Connector({ sqlAdminAPIEndpoint: cloud.url });
    const { stream } = await connector.getOptions({ instanceConnectionName: instance, ipType, ...options });
    const client = new pg.Client({ stream, database: 'orders', ...login });
    try {
      await client.connect();
      const { rows } = await client.query('select current_user as name');
      expect(rows[0].name).toBe(login.user);
      const record = cloud.connections.findLast(
        (connection) => connection.user === login.user && connection.ipType === ipType,
      );
      expect(record).toMatchObject({ instance, state: 'open', tlsProtocol: 'TLSv1.3' });
    } finally {
      await client.end();
      connector.close();
    }
  });
});

describe.skipIf(withoutMysql)('the official connector with mysql2', () => {
  let mysqlCloud: Emulator;

  beforeAll(async () => {
    const withName = { ...mysqlInstance, name: named, pscEnabled: true };
    mysqlCloud = await startMysqlCloud({ instances: [mysqlInstance, withName] });
    setEnv(mysqlCloud.googleEnv(app));
  });
  afterAll(() => mysqlCloud?.close());

  const password = { user: native.name, password: native.password };
  describe.each([
    [instance, IpAddressTypes.PUBLIC],
    [instance, IpAddressTypes.PRIVATE],
    // The server is checked by the DNS name in its certificate.
    [named, IpAddressTypes.PUBLIC],
    [named, IpAddressTypes.PRIVATE],
  ])('to %s over a %s address', (instanceConnectionName, ipType) => {
    it.each([
      ['automatic IAM', AuthTypes.IAM, async () => ({ user: mysqlUser })],
      ['a password', AuthTypes.PASSWORD, async () => password],
      [
        'the token as the password',
        AuthTypes.PASSWORD,
        async () => ({ user: mysqlUser, password: await loginToken(), enableCleartextPlugin: true }),
      ],
    ])('logs in with %s', async (_, authType, login) => {
      const connector = new Connector({ sqlAdminAPIEndpoint: mysqlCloud.url });
      const { stream } = await connector.getOptions({ instanceConnectionName, ipType, authType });
      const options = { stream, database: 'orders', ...(await login()) };
      const client = await mysql.createConnection(options);
      try {
        const [rows] = await client.query('select current_user() as name');
        expect(rows).toEqual([{ name: `${options.user}@%` }]);
        expect(mysqlCloud.connections.at(-1)).toMatchObject({
          instance: instanceConnectionName,
          ipType,
          user: options.user,
          state: 'open',
          tlsProtocol: 'TLSv1.3',
        });
      } finally {
        await client.end();
        connector.close();
      }
    });
  });
});

/** A login token of the principal that the environment names. */
async function loginToken(): Promise<string> {
  const auth = new GoogleAuth({ scopes: 'https://www.googleapis.com/auth/sqlservice.login' });
  return (await auth.getAccessToken())!;
}
