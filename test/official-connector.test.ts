import { AuthTypes, Connector, IpAddressTypes } from '@google-cloud/cloud-sql-connector';
import type { Emulator } from '@x/cloudsql-emulator';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { app, appUser, instance, native, setEnv, startCloud } from './cloud.ts';

// Google's own connector, unchanged: that it connects shows that the emulator tells the truth.

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
