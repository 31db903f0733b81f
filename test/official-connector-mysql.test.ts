import { AuthTypes, Connector, IpAddressTypes } from '@google-cloud/cloud-sql-connector';
import type { Emulator } from '@x/cloudsql-emulator';
import { GoogleAuth } from 'google-auth-library';
import mysql from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { app, instance, native, setEnv } from './cloud.ts';
import { mysqlInstance, mysqlUser, startMysqlCloud, withoutMysql } from './mysql-cloud.ts';

// Google's own connector, unchanged, in front of MySQL.

const named = 'demo-shop:europe-west1:named';

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
