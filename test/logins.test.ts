import { Connector } from '@x/cloudsql-core';
import { pgOptions } from '@x/cloudsql-core/pg';
import type { Emulator } from '@x/cloudsql-emulator';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appUser, instance, native, setEnv, startCloud } from './cloud.ts';

let cloud: Emulator;
let connector: Connector;

beforeAll(async () => {
  cloud = await startCloud();
  setEnv({ ...cloud.env, PGUSER: 'from-the-environment', PGPASSWORD: 'from-the-environment', PGSSLMODE: 'require' });
  connector = new Connector();
});

afterAll(async () => {
  await connector.close();
  await cloud.close();
});

/** Logs in and says as whom, or fails. */
async function whoAmI(options: Record<string, unknown>): Promise<string> {
  const client = new pg.Client(pgOptions({ instance, database: 'orders', connector, ...options } as never));
  try {
    await client.connect();
    const { rows } = await client.query('select current_user as name');
    return rows[0].name;
  } finally {
    await client.end();
  }
}

describe.each(['PUBLIC', 'PRIVATE'])('over a %s address', (ipType) => {
  it.each([
    ['IAM, the user discovered', {}, appUser],
    ['IAM, the user named', { user: appUser }, appUser],
    ['manual IAM, the token as the password', { authType: 'IAM_MANUAL' }, appUser],
    ['a password', native, native.name],
    ['a password that a function returns', { ...native, password: async () => native.password }, native.name],
  ])(
    'logs in with %s, and never as the environment says',
    async (_, { name: user, ...options }: Record<string, unknown>, expected) => {
      expect(await whoAmI({ ipType, ...(user ? { user } : {}), ...options })).toBe(expected);
      expect(cloud.connections.at(-1)).toMatchObject({ ipType, user: expected, database: 'orders' });
    },
  );
});

it('dials the first type of a list that the instance has', async () => {
  await whoAmI({ ipType: ['PSC', 'PRIVATE', 'PUBLIC'] });
  expect(cloud.connections.at(-1)).toMatchObject({ ipType: 'PRIVATE' });
});

it('takes the URL form', async () => {
  const client = new pg.Client(
    pgOptions(`postgresql:///orders?instance=${instance}&ipType=private&application_name=url`),
  );
  await client.connect();
  const { rows } = await client.query("select current_user as name, current_setting('application_name') as app");
  await client.end();
  expect(rows).toEqual([{ name: appUser, app: 'url' }]);
});

it('uses the name of the user as the database where none is given, as PostgreSQL does', async () => {
  await expect(whoAmI({ database: undefined })).rejects.toMatchObject({
    code: '3D000',
    message: expect.stringContaining(appUser),
  });
});

describe('is refused with what the server says', () => {
  it.each([
    ['a wrong password', { user: native.name, password: 'wrong' }, /password authentication failed for user "native"/],
    ['a user that is somebody else', { user: 'postgres' }, /authentication failed for user "postgres"/],
    [
      'an IAM user that is somebody else',
      { user: 'other@demo-shop.iam' },
      /authentication failed for user "other@demo-shop.iam"/,
    ],
  ])('with %s', async (_, options, message) => {
    await expect(whoAmI(options)).rejects.toMatchObject({ code: '28P01', message: expect.stringMatching(message) });
  });
});

describe('a dial', () => {
  it('ends before its driver gives up, and says what it was waiting for', async () => {
    const cold = new Connector();
    // 200 ms less than the driver has, which leaves too little for any certificate.
    await expect(whoAmI({ connector: cold, connectionTimeoutMillis: 201 })).rejects.toMatchObject({
      code: 'CLOUDSQL_DIAL_TIMEOUT',
      message: expect.stringContaining('Waited 1 ms for a certificate'),
    });
    await cold.close();
  });

  it('is rejected when its connector is closed, and later ones too', async () => {
    const closing = new Connector();
    const dial = closing.connect({ instance });
    await closing.close();
    await expect(dial).rejects.toMatchObject({ code: 'CLOUDSQL_CONNECTOR_CLOSED' });
    await expect(closing.connect({ instance })).rejects.toMatchObject({ code: 'CLOUDSQL_CONNECTOR_CLOSED' });
    await closing.close();
  });

  it('is given up when its caller says so', async () => {
    const dial = connector.connect({ instance, signal: AbortSignal.abort(new Error('enough')) });
    await expect(dial).rejects.toMatchObject({ code: 'CLOUDSQL_DIAL_ABORTED', cause: { message: 'enough' } });
  });
});
