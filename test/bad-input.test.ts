import { createHook } from 'node:async_hooks';
import { CloudSqlError, ConfigError, Connector } from '@x/cloudsql-core';
import { mariadbOptions } from '@x/cloudsql-core/mariadb';
import { mysql2Options } from '@x/cloudsql-core/mysql2';
import { pgOptions } from '@x/cloudsql-core/pg';
import type { Emulator } from '@x/cloudsql-emulator';
import { drizzle } from '@x/drizzle-cloudsql';
import { cloudSql as knexCloudSql } from '@x/knex-cloudsql';
import { PrismaCloudSql } from '@x/prisma-cloudsql';
import { cloudSql as sequelizeCloudSql } from '@x/sequelize-cloudsql';
import { cloudSql as typeormCloudSql } from '@x/typeorm-cloudsql';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { app, instance, setEnv, startCloud } from './cloud.ts';

type Options = Record<string, unknown>;

/** Each adapter, given the options of one connection however wrong they are. */
const adapters: Record<string, (connection: Options) => unknown> = {
  pg: (connection) => pgOptions(connection as never),
  mysql2: (connection) => mysql2Options(connection as never),
  mariadb: (connection) => mariadbOptions(connection as never),
  knex: (connection) => knexCloudSql({ client: 'pg', connection } as never),
  prisma: (connection) => new PrismaCloudSql(connection as never),
  typeorm: (connection) => typeormCloudSql({ type: 'postgres', ...connection } as never),
  sequelize: (connection) => sequelizeCloudSql({ dialect: 'postgres', ...connection } as never),
  drizzle: (connection) => drizzle({ connection } as never),
};

const good = { instance, database: 'orders' };

type Row = [what: string, connection: Options, code: string, remedy: RegExp];

const rows: Row[] = [
  ['no instance', { database: 'orders' }, 'CLOUDSQL_MISSING_OPTION', /Set it to an instance connection name/],
  [
    'an instance without a region',
    { ...good, instance: 'shop:orders' },
    'CLOUDSQL_INVALID_INSTANCE_NAME',
    /The region is missing/,
  ],
  [
    'an instance with a space',
    { ...good, instance: ' shop:r:orders' },
    'CLOUDSQL_INVALID_INSTANCE_NAME',
    /Remove the white space/,
  ],
  [
    'an instance in capitals',
    { ...good, instance: 'Shop:R:Orders' },
    'CLOUDSQL_INVALID_INSTANCE_NAME',
    /lower case: "shop:r:orders"/,
  ],
  [
    'an AlloyDB instance in capitals',
    { ...good, instance: 'projects/Shop/locations/r/clusters/c/instances/i' },
    'CLOUDSQL_INVALID_INSTANCE_NAME',
    /lower case: "projects\/shop\//,
  ],
  [
    'an AlloyDB cluster instead of an instance',
    { ...good, instance: 'projects/shop/locations/r/clusters/c' },
    'CLOUDSQL_INVALID_INSTANCE_NAME',
    /The instance is missing/,
  ],
  ['an instance that is a number', { ...good, instance: 7 }, 'CLOUDSQL_INVALID_INSTANCE_NAME', /got number/],
  ["ipType: 'PRIVAT'", { ...good, ipType: 'PRIVAT' }, 'CLOUDSQL_INVALID_OPTION', /Did you mean `PRIVATE`\?/],
  ['an empty ipType', { ...good, ipType: '' }, 'CLOUDSQL_INVALID_OPTION', /'PUBLIC', 'PRIVATE' or 'PSC'/],
  ['an empty list of ipTypes', { ...good, ipType: [] }, 'CLOUDSQL_INVALID_OPTION', /at least one type/],
  ["authType: 'AIM'", { ...good, authType: 'AIM' }, 'CLOUDSQL_INVALID_OPTION', /Did you mean `IAM`\?/],
  [
    'IAM together with a password',
    { ...good, authType: 'IAM', user: 'a', password: 'b' },
    'CLOUDSQL_CONFLICTING_OPTIONS',
    /Remove `password`/,
  ],
  [
    'manual IAM together with a password',
    { ...good, authType: 'iam_manual', user: 'a', password: 'b' },
    'CLOUDSQL_CONFLICTING_OPTIONS',
    /Remove `password`/,
  ],
  [
    'password: undefined',
    { ...good, user: 'a', password: undefined },
    'CLOUDSQL_INVALID_OPTION',
    /Is the variable that it comes from set\?/,
  ],
  ['an empty password', { ...good, user: 'a', password: '' }, 'CLOUDSQL_INVALID_OPTION', /an empty string/],
  ['a password without a user', { ...good, password: 'b' }, 'CLOUDSQL_MISSING_OPTION', /Set `user`/],
  [
    "authType: 'PASSWORD' without a password",
    { ...good, user: 'a', authType: 'PASSWORD' },
    'CLOUDSQL_INVALID_OPTION',
    /Set `password`/,
  ],
  ['an empty user', { ...good, user: '' }, 'CLOUDSQL_INVALID_OPTION', /Set `user` or leave it out/],
  ['a host', { ...good, host: 'localhost' }, 'CLOUDSQL_OWNED_OPTION', /the address comes from the instance/],
  ['a port', { ...good, port: 5432 }, 'CLOUDSQL_OWNED_OPTION', /the address comes from the instance/],
  ['ssl', { ...good, ssl: true }, 'CLOUDSQL_OWNED_OPTION', /the connector does TLS itself/],
  ['a username', { ...good, username: 'a' }, 'CLOUDSQL_OWNED_OPTION', /it is called `user`/],
  [
    'an unknown connector option',
    { ...good, connector: { dialTimeout: 5 } },
    'CLOUDSQL_UNKNOWN_OPTION',
    /Did you mean `dialTimeoutMs`\?/,
  ],
  [
    'a DNS name in capitals',
    { ...good, instance: 'Orders.Shop.Example' },
    'CLOUDSQL_INVALID_INSTANCE_NAME',
    /lower case: "orders.shop.example"/,
  ],
  [
    'a URL in place of a DNS name',
    { ...good, instance: 'orders.shop.example/orders' },
    'CLOUDSQL_INVALID_INSTANCE_NAME',
    /no DNS name looks like that/,
  ],
  ...(
    [
      ['a failover period in words', { failoverPeriodMs: '30s' }, /Set `failoverPeriodMs` to such a number/],
      ['a failover period below zero', { failoverPeriodMs: -1 }, /Set `failoverPeriodMs` to such a number/],
      ['a refresh policy that does not exist', { refresh: 'lasy' }, /Did you mean `LAZY`\?/],
      ['a resolver that resolves nothing', { resolver: {} }, /Set `resolver` so, or leave it out/],
      ['a dial that is no function', { dial: 'socks' }, /Set `dial` so, or leave it out/],
      ['one project in place of a list', { allowedProjects: 'shop' }, /Set `allowedProjects` so, or leave it out/],
      ['a project without a name', { allowedProjects: [''] }, /Set `allowedProjects` so, or leave it out/],
      ['static info that is no JSON', { alloyDbStaticInfo: '{' }, /Set `alloyDbStaticInfo` so, or leave it out/],
      [
        'a certificate for a minute',
        { alloyDbCertificateMs: 60_000 },
        /Set `alloyDbCertificateMs` so, or leave it out/,
      ],
    ] as const
  ).map(([what, connector, remedy]): Row => [what, { ...good, connector }, 'CLOUDSQL_INVALID_OPTION', remedy]),
  [
    'a connector option that is no number',
    { ...good, connector: { dialTimeoutMs: '5s' } },
    'CLOUDSQL_INVALID_OPTION',
    /whole number of milliseconds/,
  ],
  [
    'an endpoint in clear text',
    { ...good, connector: { endpoints: { sqlAdmin: 'http://api.example.com' } } },
    'CLOUDSQL_INVALID_OPTION',
    /https URL/,
  ],
  [
    'an endpoint of AlloyDB in clear text',
    { ...good, connector: { endpoints: { alloyDb: 'http://api.example.com' } } },
    'CLOUDSQL_INVALID_OPTION',
    /`endpoints.alloyDb` is/,
  ],
  [
    'a misspelt endpoint',
    { ...good, connector: { endpoints: { alloydb: 'https://api.example.com' } } },
    'CLOUDSQL_UNKNOWN_OPTION',
    /Did you mean `alloyDb`\?/,
  ],
  [
    'credentials of no kind',
    { ...good, connector: { credentials: {} } },
    'CLOUDSQL_INVALID_OPTION',
    /Pass \{ keyFile \}/,
  ],
  [
    'two credential sources',
    { ...good, connector: { credentials: { keyFile: 'a', accessToken: 'b' } } },
    'CLOUDSQL_CONFLICTING_OPTIONS',
    /Name one source/,
  ],
];

/** The URL form, in the option that each has for it. */
const urls: Record<string, (url: string) => unknown> = {
  pg: (url) => pgOptions(url),
  knex: (url) => knexCloudSql({ client: 'pg', connection: url }),
  'knex, as connectionString': (connectionString) => knexCloudSql({ client: 'pg', connection: { connectionString } }),
  prisma: (url) => new PrismaCloudSql(url),
  typeorm: (url) => typeormCloudSql({ type: 'postgres', url }),
  sequelize: (url) => sequelizeCloudSql({ dialect: 'postgres', url }),
  drizzle: (connection) => drizzle({ connection }),
};

const badUrls: [what: string, url: string, code: string, remedy: RegExp][] = [
  ['without instance', 'postgresql://app@/orders', 'CLOUDSQL_INVALID_URL', /no parameter `instance`/],
  [
    'with a host',
    'postgresql://app@10.0.0.1/orders?instance=p:r:i',
    'CLOUDSQL_INVALID_URL',
    /Leave the host and the port out/,
  ],
  ['with a password and nobody', 'postgresql://:pw@/orders?instance=p:r:i', 'CLOUDSQL_MISSING_OPTION', /Set `user`/],
  ['with sslmode', 'postgresql:///orders?instance=p:r:i&sslmode=require', 'CLOUDSQL_UNKNOWN_OPTION', /Remove it/],
  [
    'with a misspelt parameter',
    'postgresql:///orders?instance=p:r:i&iptype=PRIVATE',
    'CLOUDSQL_UNKNOWN_OPTION',
    /`ipType`/,
  ],
  ['of another engine', 'mysql:///orders?instance=p:r:i', 'CLOUDSQL_INVALID_URL', /expected "postgresql:"/],
  ['that is none', 'orders', 'CLOUDSQL_INVALID_URL', /cannot be read/],
];

/** The same for MySQL. */
function otherEngine(text: string): string {
  const swap: Record<string, string> = { postgresql: 'mysql', mysql: 'postgresql' };
  return text.replace(/(postgresql|mysql)(?=:)/, (found) => swap[found]!);
}

/** What was begun that reaches the network. */
const reached: string[] = [];
const network = createHook({
  init(_, type) {
    if (/^(TCP|UDP|GETADDRINFOREQ|QUERY)/.test(type)) reached.push(type);
  },
});

function thrownBy(build: () => unknown): unknown {
  network.enable();
  try {
    build();
  } catch (error) {
    return error;
  } finally {
    network.disable();
  }
  return undefined;
}

describe.each(Object.entries(adapters))('%s refuses', (_, build) => {
  it.each(rows)('%s', (_, connection, code, remedy) => {
    const error = thrownBy(() => build(connection));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ code, retryable: false, message: expect.stringMatching(remedy) });
  });

  it('never with a password in its message', () => {
    const error = thrownBy(() => build({ ...good, authType: 'IAM', user: 'a', password: 'hunter2' }));
    expect(String((error as Error).stack)).not.toContain('hunter2');
  });
});

describe.each(Object.entries(urls))('%s refuses a URL', (_, build) => {
  it.each(badUrls)('%s', (_, url, code, remedy) => {
    expect(thrownBy(() => build(url))).toMatchObject({
      name: 'ConfigError',
      code,
      message: expect.stringMatching(remedy),
    });
  });
});

describe.each([
  ['mysql2', (url: string) => mysql2Options(url)],
  ['mysql2, as uri', (uri: string) => mysql2Options({ uri })],
  ['mariadb', (url: string) => mariadbOptions(url)],
])('%s refuses a URL', (_, build) => {
  it.each(badUrls)('%s', (_, url, code, remedy) => {
    const other = new RegExp(otherEngine(remedy.source));
    expect(thrownBy(() => build(otherEngine(url)))).toMatchObject({ code, message: expect.stringMatching(other) });
  });
});

describe('a driver for MySQL', () => {
  const mysql2 = (options: Options) => mysql2Options({ ...good, ...options } as never);
  const mariadb = (options: Options) => mariadbOptions({ ...good, ...options } as never);
  it.each([
    [
      'a socket',
      mysql2,
      { socketPath: '/run/mysqld.sock' },
      'CLOUDSQL_OWNED_OPTION',
      /address comes from the instance/,
    ],
    ['a socket', mariadb, { socketPath: '/run/mysqld.sock' }, 'CLOUDSQL_OWNED_OPTION', /address comes from the inst/],
    ['a stream', mysql2, { stream: () => {} }, 'CLOUDSQL_OWNED_OPTION', /the connector makes the socket/],
    ['a stream', mariadb, { stream: () => {} }, 'CLOUDSQL_OWNED_OPTION', /the connector makes the socket/],
    ['a local address', mysql2, { localAddress: '127.0.0.1' }, 'CLOUDSQL_OWNED_OPTION', /the connector makes the/],
    ['to be a server', mysql2, { isServer: true }, 'CLOUDSQL_OWNED_OPTION', /with servers only/],
    ['another word for password', mysql2, { passwordSha1: 'x' }, 'CLOUDSQL_OWNED_OPTION', /called `password`/],
    ['to be led elsewhere', mariadb, { permitRedirect: true }, 'CLOUDSQL_OWNED_OPTION', /past the connector/],
    ['a limit that is none', mysql2, { connectTimeout: '5s' }, 'CLOUDSQL_INVALID_OPTION', /whole number of milli/],
    ['a limit that is none', mariadb, { connectTimeout: -1 }, 'CLOUDSQL_INVALID_OPTION', /whole number of milli/],
    ['a misspelling', mysql2, { connectionLimt: 5 }, 'CLOUDSQL_UNKNOWN_OPTION', /Did you mean `connectionLimit`/],
    ['a misspelling', mariadb, { aquireTimeout: 5 }, 'CLOUDSQL_UNKNOWN_OPTION', /Did you mean `acquireTimeout`/],
    [
      'what only the other knows',
      mysql2,
      { acquireTimeout: 5 },
      'CLOUDSQL_UNKNOWN_OPTION',
      /no option `acquireTimeout`/,
    ],
  ])('refuses %s (%#)', (_, build, options, code, message) => {
    expect(thrownBy(() => build(options))).toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

describe('an unknown option', () => {
  it.each([
    ['pg', () => pgOptions({ ...good, iptype: 'PRIVATE' } as never)],
    ['knex', () => knexCloudSql({ client: 'pg', connection: { ...good, iptype: 'PRIVATE' } } as never)],
    ['prisma', () => new PrismaCloudSql({ ...good, iptype: 'PRIVATE' } as never)],
    ['drizzle', () => drizzle({ connection: { ...good, iptype: 'PRIVATE' } } as never)],
    ['typeorm, in extra', () => typeormCloudSql({ type: 'postgres', ...good, extra: { iptype: 'PRIVATE' } })],
    [
      'sequelize, in dialectOptions',
      () => sequelizeCloudSql({ dialect: 'postgres', ...good, dialectOptions: { iptype: 'PRIVATE' } }),
    ],
  ])('is refused by %s, with the right spelling', (_, build) => {
    expect(thrownBy(build)).toMatchObject({
      code: 'CLOUDSQL_UNKNOWN_OPTION',
      message: expect.stringContaining('Did you mean `ipType`?'),
    });
  });

  it.each([
    ['typeorm', () => typeormCloudSql({ type: 'postgres', ...good, iptype: 'PRIVATE' } as never)],
    ['sequelize', () => sequelizeCloudSql({ dialect: 'postgres', ...good, ipTyp: 'PRIVATE' } as never)],
    ['knex', () => knexCloudSql({ client: 'pg', connection: good, iptype: 'PRIVATE' } as never)],
    ['drizzle', () => drizzle({ connection: good, iptype: 'PRIVATE' } as never)],
  ])('beside the options of %s is refused where it is nearly one of ours', (_, build) => {
    expect(thrownBy(build)).toMatchObject({
      code: 'CLOUDSQL_UNKNOWN_OPTION',
      message: expect.stringContaining('ipType'),
    });
  });
});

describe('options in the wrong place', () => {
  it.each([
    ['knex', () => knexCloudSql({ client: 'pg', connection: { database: 'orders' }, instance } as never)],
    ['drizzle', () => drizzle({ connection: { database: 'orders' }, instance } as never)],
  ])('are refused by %s', (_, build) => {
    expect(thrownBy(build)).toMatchObject({
      code: 'CLOUDSQL_OWNED_OPTION',
      message: expect.stringContaining('inside `connection`'),
    });
  });

  it.each([
    ['a client of another engine', () => knexCloudSql({ client: 'oracledb', connection: good } as never)],
    ['a type of another engine', () => typeormCloudSql({ type: 'oracle', ...good } as never)],
    ['a dialect of another engine', () => sequelizeCloudSql({ dialect: 'oracle', ...good } as never)],
    ['knex without a connection', () => knexCloudSql({ client: 'pg' } as never)],
    ['drizzle without a connection', () => drizzle({} as never)],
    [
      'replication of TypeORM without nodes',
      () => typeormCloudSql({ type: 'postgres', ...good, replication: {} } as never),
    ],
    [
      'replication of Sequelize without nodes',
      () => sequelizeCloudSql({ dialect: 'postgres', ...good, replication: {} } as never),
    ],
  ])('and %s', (_, build) => {
    expect(thrownBy(build)).toBeInstanceOf(ConfigError);
  });
});

it('and none of this has reached the network', () => {
  expect(reached).toEqual([]);
});

describe('the emulator variable', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it.each([
    ['another machine', { CLOUDSQL_EMULATOR_HOST: '10.0.0.1:9010' }],
    ['no port', { CLOUDSQL_EMULATOR_HOST: '127.0.0.1' }],
    ['Cloud Run', { CLOUDSQL_EMULATOR_HOST: '127.0.0.1:9010', K_SERVICE: 'shop' }],
    ['production', { CLOUDSQL_EMULATOR_HOST: '127.0.0.1:9010', NODE_ENV: 'production' }],
  ])('is refused with %s', (_, variables) => {
    setEnv(variables);
    expect(() => new Connector()).toThrow(expect.objectContaining({ code: 'CLOUDSQL_EMULATOR_REFUSED' }));
    expect(() => new Connector({ emulator: 'NEVER' })).not.toThrow();
  });

  it('contradicts explicit credentials', () => {
    setEnv({ CLOUDSQL_EMULATOR_HOST: '127.0.0.1:9010' });
    expect(() => new Connector({ credentials: { keyFile: 'key.json' } })).toThrow(
      expect.objectContaining({ code: 'CLOUDSQL_CONFLICTING_OPTIONS' }),
    );
  });

  it('is demanded for a demo project, which never leaves the machine', async () => {
    setEnv({ CLOUDSQL_EMULATOR_HOST: '' });
    await expect(new Connector().connect({ instance })).rejects.toMatchObject({ code: 'CLOUDSQL_EMULATOR_REQUIRED' });
  });
});

describe('an instance that the principal may not use', () => {
  let cloud: Emulator;

  beforeAll(async () => {
    cloud = await startCloud({
      principals: [{ email: app }, { email: 'guest@demo-shop.iam.gserviceaccount.com', roles: [] }],
    });
  });

  afterAll(() => cloud.close());

  async function failure(options: Options, principal: string): Promise<unknown> {
    setEnv({ ...cloud.env, CLOUDSQL_EMULATOR_PRINCIPAL: principal });
    const connector = new Connector();
    const client = new pg.Client(pgOptions({ instance, database: 'orders', connector, ...options } as never));
    try {
      await client.connect();
      return undefined;
    } catch (error) {
      return error;
    } finally {
      await client.end();
      await connector.close();
    }
  }

  it('is refused with the role to grant', async () => {
    expect(await failure({}, app)).toBeUndefined();
    const error = await failure({}, 'guest@demo-shop.iam.gserviceaccount.com');
    expect(error).toBeInstanceOf(CloudSqlError);
    expect(error).toMatchObject({
      code: 'CLOUDSQL_PERMISSION_DENIED',
      instance,
      retryable: false,
      message: expect.stringContaining('Grant the principal the role roles/cloudsql.client'),
    });
  });

  it('is not found when its name is wrong', async () => {
    expect(await failure({ instance: 'demo-shop:europe-west1:nothing' }, app)).toMatchObject({
      name: 'RefreshError',
      retryable: false,
    });
  });

  it('is not dialled when the region is wrong', async () => {
    expect(await failure({ instance: 'demo-shop:us-central1:orders' }, app)).toMatchObject({
      code: 'CLOUDSQL_REGION_MISMATCH',
    });
  });

  it('is not dialled when it lacks the type of address', async () => {
    expect(await failure({ ipType: 'PSC' }, app)).toMatchObject({
      code: 'CLOUDSQL_NO_ADDRESS',
      message: expect.stringContaining("The instance has: 'PUBLIC', 'PRIVATE'"),
    });
  });
});
