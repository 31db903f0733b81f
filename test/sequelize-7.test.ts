import { Sequelize } from '@sequelize/core';
import { MySqlDialect } from '@sequelize/mysql';
import { PostgresDialect } from '@sequelize/postgres';
import { Connector } from '@x/cloudsql-core';
import type { Emulator } from '@x/cloudsql-emulator';
import { cloudSql } from '@x/sequelize-cloudsql/v7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StuckConnector } from './adapter-conformance/stuck-connector.ts';
import { app, appUser, instance, setEnv, startCloud } from './cloud.ts';
import { mysqlUser, startMysqlCloud, withoutMysql } from './mysql-cloud.ts';

let cloud: Emulator;

beforeAll(async () => {
  cloud = await startCloud();
  setEnv(cloud.env);
});

afterAll(() => cloud.close());

describe('Sequelize 7 on PostgreSQL', () => {
  it('creates, writes from a pool, commits, rolls back and reads', async () => {
    await using connector = new Connector();
    const sequelize = new Sequelize(
      cloudSql({ dialect: PostgresDialect, instance, database: 'orders', connector, pool: { max: 5 } }),
    );
    try {
      await sequelize.query('create table orders_7 (item text)');
      const insert = (item: string): Promise<unknown> =>
        sequelize.query('insert into orders_7 values ($item)', { bind: { item } });
      await Promise.all(Array.from({ length: 20 }, (_, i) => insert(`item ${i}`)));
      await sequelize.transaction(() => insert('committed'));
      const undone = sequelize.transaction(async () => {
        await insert('rolled back');
        throw new Error('changed my mind');
      });
      await expect(undone).rejects.toThrow('changed my mind');
      const [rows] = await sequelize.query('select current_user as name, count(*)::int as count from orders_7');
      expect(rows).toEqual([{ name: appUser, count: 21 }]);
    } finally {
      await sequelize.close();
    }
    expect(cloud.connections.at(-1)).toMatchObject({ principal: app, ipType: 'PUBLIC' });
  });

  it('gives up connections in the making when it is closed', async () => {
    await using connector = new StuckConnector();
    const sequelize = new Sequelize(cloudSql({ dialect: PostgresDialect, instance, database: 'orders', connector }));
    await sequelize.authenticate();
    await connector.meet(() => sequelize.authenticate());
    await sequelize.close();
    expect(connector.dials.map(({ aborted }) => aborted)).not.toContain(false);
  });

  it('takes the URL form, and gives the driver its own options', async () => {
    await using connector = new Connector();
    const url = `postgresql:///orders?instance=${instance}&ipType=PRIVATE`;
    const sequelize = new Sequelize(
      cloudSql({ dialect: PostgresDialect, url, connector, application_name: 'seven', statement_timeout: 5000 }),
    );
    try {
      const [rows] = await sequelize.query("select current_setting('application_name') as name");
      expect(rows).toEqual([{ name: 'seven' }]);
    } finally {
      await sequelize.close();
    }
    expect(cloud.connections.at(-1)).toMatchObject({ ipType: 'PRIVATE' });
  });
});

describe.skipIf(withoutMysql)('Sequelize 7 on MySQL', () => {
  let mysql: Emulator;

  beforeAll(async () => {
    mysql = await startMysqlCloud();
  });
  afterAll(() => mysql?.close());

  it('writes from a pool and reads', async () => {
    setEnv(mysql.env);
    await using connector = new Connector();
    const sequelize = new Sequelize(
      cloudSql({ dialect: MySqlDialect, instance, database: 'orders', connector, pool: { max: 5 } }),
    );
    try {
      await sequelize.query('create table orders_7 (item varchar(20))');
      await Promise.all(
        Array.from({ length: 20 }, (_, i) => sequelize.query(`insert into orders_7 values ('item ${i}')`)),
      );
      const [rows] = await sequelize.query('select current_user() as name, count(*) as count from orders_7');
      expect(rows).toEqual([{ name: `${mysqlUser}@%`, count: '20' }]);
    } finally {
      await sequelize.close();
      setEnv(cloud.env);
    }
  });
});

describe('cloudSql of Sequelize 7', () => {
  it('gives MySqlDialect a stream and an address that leads nowhere', () => {
    const options = cloudSql({ dialect: MySqlDialect, instance, database: 'orders', pool: { max: 5 } });
    expect(options).toMatchObject({
      database: 'orders',
      host: 'cloudsql-connector-bypassed.invalid',
      port: 1,
      pool: { max: 5 },
      stream: expect.any(Function),
    });
    expect(options.dialect).toHaveProperty('prototype', MySqlDialect.prototype);
    expect(new Sequelize(options)).toBeInstanceOf(Sequelize);
  });

  it.each<[string, object, string]>([
    ['a dialect by its name', { dialect: 'postgres', instance }, 'CLOUDSQL_INVALID_OPTION'],
    ['no dialect', { instance }, 'CLOUDSQL_INVALID_OPTION'],
    ['a host', { dialect: PostgresDialect, instance, host: 'localhost' }, 'CLOUDSQL_OWNED_OPTION'],
    ['replication', { dialect: PostgresDialect, instance, replication: { read: [] } }, 'CLOUDSQL_OWNED_OPTION'],
    ['a socket', { dialect: PostgresDialect, instance, stream: () => {} }, 'CLOUDSQL_OWNED_OPTION'],
    [
      'a URL without an instance',
      { dialect: PostgresDialect, url: 'postgresql://localhost/orders' },
      'CLOUDSQL_INVALID_URL',
    ],
    ['no instance', { dialect: PostgresDialect, database: 'orders' }, 'CLOUDSQL_MISSING_OPTION'],
  ])('refuses %s', (_, options, code) => {
    const build = (): unknown => cloudSql(options as Parameters<typeof cloudSql<PostgresDialect>>[0]);
    expect(build).toThrow(expect.objectContaining({ code }));
  });
});
