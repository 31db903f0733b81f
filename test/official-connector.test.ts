import { randomInt } from 'node:crypto';
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

describe('the official connector trusts a server', () => {
  const [first, second, pooled, customer] = ['first', 'second', 'pooled', 'customer'].map((id) => `shop:r:${id}`);
  // Random, so that two runs on one machine do not meet.
  const address = `127.47.${randomInt(256)}.${randomInt(1, 255)}`;
  let clouds: Emulator;
  beforeAll(async () => {
    const users = [{ email: app }];
    const addresses = { PRIMARY: address, PRIVATE: null };
    clouds = await startCloud({
      instances: [
        { name: first!, users, addresses },
        { name: second!, users, addresses },
        { name: pooled!, users, serverCaMode: 'GOOGLE_MANAGED_CAS_CA' },
        { name: customer!, users, serverCaMode: 'CUSTOMER_MANAGED_CAS_CA' },
      ],
    });
    setEnv(clouds.googleEnv(app));
  });
  afterAll(() => clouds.close());

  it.each([
    ['that shares its address with another instance', first!],
    ['whose address is that of another instance', second!],
    ['of a pool of Google', pooled!],
    ['of a pool of a customer', customer!],
  ])('%s', async (_, instanceConnectionName) => {
    const connector = new Connector({ sqlAdminAPIEndpoint: clouds.url });
    const { stream } = await connector.getOptions({ instanceConnectionName, authType: AuthTypes.IAM });
    const client = new pg.Client({ stream, database: 'postgres', user: appUser });
    try {
      await client.connect();
      expect(clouds.connections.findLast(({ user }) => user === appUser)).toMatchObject({
        instance: instanceConnectionName,
        state: 'open',
      });
    } finally {
      await client.end();
      connector.close();
    }
  });
});
