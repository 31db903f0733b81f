import { randomBytes } from 'node:crypto';
import dns from 'node:dns';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AuthTypes, Connector as GoogleConnector, IpAddressTypes } from '@google-cloud/cloud-sql-connector';
import { Connector } from '@x/cloudsql-core/google';
import type { Emulator } from '@x/cloudsql-emulator';
import { GoogleAuth } from 'google-auth-library';
import mysql, { type ConnectionOptions } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { app, native, setEnv } from './cloud.ts';
import { mysqlInstance, mysqlUser, startMysqlCloud, withoutMysql } from './mysql-cloud.ts';

// Google's own connector, unchanged, and the one that stands in for it, in front of MySQL.

// No project of the name demo-*, which only the emulator's variable would open.
const plain = 'shop:europe-west1:orders';
const withName = 'shop:europe-west1:named';
// Google's connector looks PSC names up with the system's resolver, which knows no stub. What it finds by this name it dials.
const domainName = 'orders.shop.example';

const connectors = { "Google's": GoogleConnector, ours: Connector } as const;

describe.skipIf(withoutMysql)('with mysql2', () => {
  let cloud: Emulator;
  const servers = dns.getServers();
  const folder = mkdtempSync(path.join(tmpdir(), 'proxy-'));

  beforeAll(async () => {
    const named = { ...mysqlInstance, name: withName, pscEnabled: true, customSubjectAlternativeNames: [domainName] };
    cloud = await startMysqlCloud({ instances: [{ ...mysqlInstance, name: plain }, named] });
    setEnv(cloud.googleEnv(app));
    dns.setServers([cloud.dns.server]);
    const endpoint = await dns.promises.resolve4(cloud.dns.namesOf(withName).PSC!);
    cloud.dns.set(domainName, { TXT: withName, A: endpoint });
  });
  afterAll(async () => {
    dns.setServers(servers);
    rmSync(folder, { recursive: true });
    await cloud?.close();
  });

  async function currentUser(options: ConnectionOptions): Promise<string> {
    const client = await mysql.createConnection({ database: 'orders', ...options });
    try {
      const [rows] = await client.query('select current_user() as name');
      return (rows as { name: string }[])[0]!.name;
    } finally {
      await client.end();
    }
  }

  const logins = [
    ['automatic IAM', AuthTypes.IAM, async () => ({ user: mysqlUser })],
    ['a password', AuthTypes.PASSWORD, async () => ({ user: native.name, password: native.password })],
    [
      'the token as the password',
      AuthTypes.PASSWORD,
      async () => ({ user: mysqlUser, password: await loginToken(), enableCleartextPlugin: true }),
    ],
  ] as const;

  describe.each(Object.entries(connectors))('%s connector', (whose, Made) => {
    describe.each([
      [plain, IpAddressTypes.PUBLIC],
      [plain, IpAddressTypes.PRIVATE],
      // The server is checked by the DNS name in its certificate.
      [withName, IpAddressTypes.PUBLIC],
      [withName, IpAddressTypes.PRIVATE],
      [withName, IpAddressTypes.PSC],
    ])('to %s over a %s address', (instance, ipType) => {
      const name = ipType === IpAddressTypes.PSC ? { domainName } : { instanceConnectionName: instance };
      it.each(logins)('logs in with %s', async (_, authType, login) => {
        const connector = new Made({ sqlAdminAPIEndpoint: cloud.url });
        try {
          const { stream } = await connector.getOptions({ ...name, ipType, authType });
          const options = await login();
          expect(await currentUser({ stream, ...options } as ConnectionOptions)).toBe(`${options.user}@%`);
          expect(cloud.connections.at(-1)).toMatchObject({
            instance,
            ipType,
            user: options.user,
            tlsProtocol: 'TLSv1.3',
          });
        } finally {
          connector.close();
        }
      });
    });

    it.each(logins)('opens a Unix socket that lets in with %s', async (_, authType, login) => {
      const connector = new Made({ sqlAdminAPIEndpoint: cloud.url });
      const socketPath = path.join(folder, `${whose.slice(0, 4)}-${authType}-${randomBytes(2).toString('hex')}`);
      try {
        await connector.startLocalProxy({
          instanceConnectionName: plain,
          ipType: IpAddressTypes.PUBLIC,
          authType,
          listenOptions: { path: socketPath },
        });
        const options = await login();
        expect(await currentUser({ socketPath, ...options } as ConnectionOptions)).toBe(`${options.user}@%`);
      } finally {
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
