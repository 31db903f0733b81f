import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { databaseUserName } from '../src/iam/accounts.ts';
import type { EmulatorOptions } from '../src/index.ts';
import { EmulatorError, startEmulator } from '../src/index.ts';
import { defaultServiceAccount, parseInstanceName } from '../src/instance-name.ts';
import { resolveOptions } from '../src/resolve-options.ts';
import { ORDERS } from './setup.ts';

const name = ORDERS;
const bad: readonly (readonly [unknown, string])[] = [
  [undefined, 'options: must be an object, got undefined.'],
  [{ instanses: [] }, "options: unknown key 'instanses'; did you mean 'instances'?"],
  [{ instances: [{ name }], zzz: 1 }, "options: unknown key 'zzz'; known keys:"],
  [{ instances: [] }, 'instances: needs at least one instance, got an empty array.'],
  [
    { instances: [{ name: 'shop:orders' }] },
    "instances[0].name: must be project:region:instance, or projects/P/locations/R/clusters/C/instances/I, got 'shop:orders'.",
  ],
  [{ instances: [{ name }, { name }] }, 'names the instance demo-shop:orders twice'],
  [{ instances: [{ name, user: [] }] }, "instances[0]: unknown key 'user'; did you mean 'users'?"],
  [{ instances: [{ name, addresses: { PUBLIC: '127.0.0.1' } }] }, "unknown key 'PUBLIC'"],
  [{ instances: [{ name, addresses: { PRIVAT: null } }] }, "did you mean 'PRIVATE'?"],
  [{ instances: [{ name, addresses: { PRIMARY: '0.0.0.0' } }] }, 'must be a loopback address'],
  [{ instances: [{ name, users: [{ email: 'x' }] }] }, 'must be an e-mail address'],
  [{ instances: [{ name, users: [{ email: 'a@b.c', password: 'x' }] }] }, "unknown key 'password'"],
  [{ instances: [{ name, users: [{ name: 'a' }] }] }, 'users[0].password: must be a non-empty string, got'],
  [{ instances: [{ name, users: [{ name: 'a@b', password: 'x' }] }] }, "must not contain '@'"],
  [{ instances: [{ name, users: [{ name: 'cloudsqladmin', password: 'x' }] }] }, 'reserved'],
  [{ instances: [{ name, users: [{ email: `${'a'.repeat(60)}@b.c` }] }] }, 'at most 63 bytes'],
  [{ instances: [{ name, users: [{ email: 'a@b.c' }, { email: 'A@b.c' }] }] }, 'the same database user twice'],
  [{ instances: [{ name }], principals: [{ email: 'a@b.c', roles: ['cloudsql.clint'] }] }, "mean 'cloudsql.client'?"],
  [{ instances: [{ name }], principals: [] }, 'needs at least one principal'],
  [{ instances: [{ name }], defaultPrincipal: 'eve@example.com' }, 'must be one of the principals'],
  [{ instances: [{ name }], certificateLifetimeMs: -1 }, 'certificateLifetimeMs: must be a number of milliseconds'],
  [{ instances: [{ name }], tokenLifetimeMs: '1' }, 'tokenLifetimeMs: must be a number of milliseconds'],
  [
    { instances: [{ name }], host: '0.0.0.0' },
    'host: must be a loopback address (127.x.y.z or ::1) unless exposeToNet',
  ],
  [{ instances: [{ name }], host: 'localhost', exposeToNetwork: true }, 'host: must be an IP address'],
  [{ instances: [{ name }], exposeToNetwork: 'yes' }, 'exposeToNetwork: must be true or false'],
  [{ instances: [{ name }], port: 70_000 }, 'port: must be a port number'],
];

test.each(bad)('%j is refused', async (options, message) => {
  const failure = startEmulator(options as EmulatorOptions);
  await expect(failure).rejects.toThrow(message);
  await expect(failure).rejects.toBeInstanceOf(EmulatorError);
  await expect(failure).rejects.toMatchObject({ code: 'INVALID_OPTION' });
});

test('only who says it twice listens beyond loopback', async () => {
  const cloud = await startEmulator({ host: '0.0.0.0', exposeToNetwork: true });
  expect(cloud.host).toMatch(/^127\.0\.0\.1:\d+$/);
  const outside = Object.values(networkInterfaces())
    .flat()
    .find((each) => each?.family === 'IPv4' && !each.internal)?.address;
  const reached = await fetch(`http://${outside ?? '127.0.0.1'}:${cloud.host.split(':')[1]}/emulator`);
  expect(await reached.json()).toMatchObject({ id: cloud.id });
  await cloud.close();
});

test('a password never shows up in an error', async () => {
  const users = [{ name: 'a', password: 'hunter\0two' }];
  await expect(startEmulator({ instances: [{ name, users }] })).rejects.toThrow(/^(?!.*hunter)/);
});

test.each([
  [{}, /databaseUrl: must be a non-empty string/],
  [{ databaseUrl: 'sqlserver://db.example.com:1433' }, /databaseUrl: must be sqlserver:\/\/, a loopback address/],
  [{ databaseUrl: '/tmp/tds', users: [] }, /users: cannot be made in a SQL Server/],
  [{ databaseUrl: '/tmp/tds', databases: ['orders'] }, /databases: cannot be made in a SQL Server/],
  [{ databaseUrl: '/tmp/tds', databaseVersion: 'POSTGRES_18' }, /databaseUrl: must be postgresql:/],
  [{ databaseUrl: '/tmp/tds', name: 'projects/p/locations/r/clusters/c/instances/i' }, /must be PostgreSQL/],
] as const)('a SQL Server of somebody else is not set up: %j', async (options, message) => {
  const instance = { name, databaseVersion: 'SQLSERVER_2022_STANDARD', ...options };
  const instances = [instance] as unknown as EmulatorOptions['instances'];
  await expect(startEmulator({ instances })).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringMatching(message),
  });
});

test.each(['dataDir', 'importFrom', 'exportOnClose'])(
  'no folder keeps a database of somebody else: %s',
  async (key) => {
    const databaseUrl = 'postgresql://postgres:hunter2@127.0.0.1:1';
    const instances = [{ name: 'p:r:other' }, { name, databaseUrl }];
    await expect(startEmulator({ instances, [key]: '/nonexistent' })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: `instances[1].databaseUrl: cannot be used with \`${key}\`. Such a folder holds the databases that the emulator starts; one that runs elsewhere keeps its data itself. Leave one of the two out.`,
    });
  },
);

test('other engines are a typed error', async () => {
  const instances = [{ name, databaseVersion: 'POSTGRES_9_6' }] as unknown as EmulatorOptions['instances'];
  await expect(startEmulator({ instances })).rejects.toMatchObject({ code: 'UNSUPPORTED_ENGINE' });
});

test('a mistake in a database role is reported with what the database says', async () => {
  const users = [{ email: 'a@b.c', databaseRoles: ['nobody_made_this'] }];
  await expect(startEmulator({ instances: [{ name, users }] })).rejects.toMatchObject({
    code: 'DATABASE_STATEMENT_FAILED',
    message: expect.stringContaining('role "nobody_made_this" does not exist'),
  });
});

test('defaults are applied', () => {
  const resolved = resolveOptions({ instances: [{ name, users: [{ name: 'native', password: 'x' }] }] });
  const email = 'app@demo-shop.iam.gserviceaccount.com';
  expect(resolved).toMatchObject({
    principals: [{ email, roles: expect.arrayContaining(['cloudsql.client', 'alloydb.client']) }],
    defaultPrincipal: email,
    certificateLifetimeMs: 3_600_000,
    tokenLifetimeMs: 3_600_000,
    port: 0,
  });
  expect(resolved.instances[0]?.users[0]).toMatchObject({ kind: 'BUILT_IN', databaseRoles: ['cloudsqlsuperuser'] });
});

test('names are understood as Google builds them', () => {
  expect(parseInstanceName('example.com:demo:us-east1:db')).toMatchObject({ project: 'example.com:demo', id: 'db' });
  expect(parseInstanceName('a:b:c:d:e')).toBeUndefined();
  expect(parseInstanceName(' p:r:i')).toBeUndefined();
  expect(defaultServiceAccount('example.com:demo')).toBe('app@demo.example.com.iam.gserviceaccount.com');
  expect(databaseUserName('app@demo.iam.gserviceaccount.com')).toBe('app@demo.iam');
  expect(databaseUserName('ada@example.com')).toBe('ada@example.com');
});
