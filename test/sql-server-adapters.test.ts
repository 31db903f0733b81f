import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Connector, type ConnectorOptions } from '@x/cloudsql-core';
import { tediousOptions } from '@x/cloudsql-core/tedious';
import { cloudSql as knexCloudSql } from '@x/knex-cloudsql';
import { PrismaCloudSql } from '@x/prisma-cloudsql/mssql';
import { cloudSql as sequelizeCloudSql } from '@x/sequelize-cloudsql';
import { cloudSql as typeormCloudSql } from '@x/typeorm-cloudsql';
import knex, { type Knex } from 'knex';
import sql from 'mssql';
import { QueryTypes, Sequelize } from 'sequelize';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { instance, setEnv } from './cloud.ts';
import { type SqlServerCloud, sqlUser, startSqlServerCloud } from './sql-server-cloud.ts';
import { SqlServerPeer } from './sql-server-peer/peer.ts';

let cloud: SqlServerCloud;

beforeAll(async () => {
  cloud = await startSqlServerCloud();
  setEnv(cloud.emulator.env);
});

afterEach(() => cloud.emulator.faults.clear());

afterAll(() => cloud.close());

const login = { instance, database: 'orders', ...sqlUser };
const url = `sqlserver://app:correct%20horse@/orders?instance=${instance}`;

/** What the tests set besides, wherever an ORM has options of the connection. */
interface Options {
  readonly connector?: Connector | ConnectorOptions;
  readonly password?: string;
  readonly authType?: string;
}

/** An ORM that is connected, or about to be. */
interface Orm {
  /** The number that a SELECT answers. */
  one(): Promise<unknown>;
  close(): Promise<unknown>;
}

/** Each ORM, with the options that a user would write, and with a URL in their place. */
const orms: Record<string, { make: (options: Options) => Orm; byUrl: () => Orm }> = {
  Knex: {
    make: (options) =>
      useKnex(knexCloudSql({ client: 'mssql', connection: { ...login, ...options }, pool: { max: 2 } })),
    byUrl: () => useKnex(knexCloudSql({ client: 'mssql', connection: url })),
  },
  TypeORM: {
    make: (options) => useTypeOrm(typeormCloudSql({ type: 'mssql', ...login, ...options, pool: { max: 2 } })),
    byUrl: () => useTypeOrm(typeormCloudSql({ type: 'mssql', url })),
  },
  Sequelize: {
    make: (options) => useSequelize(sequelizeCloudSql({ dialect: 'mssql', ...login, ...options, logging: false })),
    byUrl: () => useSequelize(sequelizeCloudSql({ dialect: 'mssql', url, logging: false })),
  },
  Prisma: {
    make: (options) => usePrisma(new PrismaCloudSql({ ...login, ...options, pool: { max: 2 } })),
    byUrl: () => usePrisma(new PrismaCloudSql(`${url}&schema=shop`)),
  },
};

function useKnex(config: Parameters<typeof knex>[0]): Orm {
  const db = knex(config);
  return { one: async () => (await db.raw('select 1 as one'))[0].one, close: () => db.destroy() };
}

function useTypeOrm(options: ReturnType<typeof typeormCloudSql>): Orm {
  const source = new DataSource(options);
  const ready = (): Promise<DataSource> => (source.isInitialized ? Promise.resolve(source) : source.initialize());
  return {
    one: async () => (await (await ready()).query('select 1 as one'))[0].one,
    close: async () => source.isInitialized && source.destroy(),
  };
}

function useSequelize(options: ReturnType<typeof sequelizeCloudSql>): Orm {
  const sequelize = new Sequelize(options);
  return {
    async one() {
      const [row] = await sequelize.query<{ one: number }>('select 1 as one', { type: QueryTypes.SELECT });
      return row?.one;
    },
    close: () => sequelize.close(),
  };
}

/** The adapter itself, which is what a PrismaClient calls. */
function usePrisma(factory: PrismaCloudSql): Orm {
  let connected: ReturnType<PrismaCloudSql['connect']> | undefined;
  return {
    async one() {
      connected ??= factory.connect();
      const { rows } = await (await connected).queryRaw({ sql: 'select 1 as one', args: [], argTypes: [] });
      return rows[0]?.[0];
    },
    close: async () => (await connected?.catch(() => undefined))?.dispose(),
  };
}

describe.each(Object.entries(orms))('%s', (name, { make, byUrl }) => {
  it('logs in with a password, selects, and leaves nothing behind', async () => {
    const orm = make({});
    expect(await orm.one()).toBe(1);
    expect(cloud.peer.logins.at(-1)).toMatchObject({ ...sqlUser, database: 'orders' });
    expect(cloud.emulator.connections.at(-1)).toMatchObject({ instance, ipType: 'PUBLIC' });
    await orm.close();
    await expect.poll(() => cloud.emulator.statistics().connections.open).toBe(0);
  });

  it('takes the URL form', async () => {
    const orm = byUrl();
    expect(await orm.one()).toBe(1);
    expect(cloud.peer.logins.at(-1)).toMatchObject({ ...sqlUser, database: 'orders' });
    await orm.close();
  });

  it('connects anew when the server has dropped a connection', async () => {
    const orm = make({});
    await orm.one();
    cloud.peer.drop();
    await delay(50);
    expect(await orm.one()).toBe(1);
    await orm.close();
  });

  it("says a wrong password in the server's words", async () => {
    const orm = make({ password: 'wrong' });
    await expect(orm.one()).rejects.toThrow(/Login failed for user 'app'/);
    await orm.close();
  });

  it('says why a dial failed', async () => {
    await cloud.emulator.faults.connections(instance, 'REFUSED');
    const orm = make({});
    await expect(orm.one()).rejects.toThrow(`connect ECONNREFUSED`);
    await orm.close();
  });

  it('refuses what SQL Server cannot do, when it is built', () => {
    expect(() => make({ authType: 'IAM' })).toThrow(expect.objectContaining({ code: 'CLOUDSQL_CONFLICTING_OPTIONS' }));
    expect(() => make({ instanc: instance } as Options)).toThrow(
      expect.objectContaining({ code: 'CLOUDSQL_UNKNOWN_OPTION' }),
    );
  });

  it('leaves nothing behind when it is closed during a dial', async () => {
    await cloud.emulator.faults.connections(instance, 'SILENT_BEFORE_HANDSHAKE');
    // Only these two can be closed before they are connected; the others are when the dial is over.
    const dialTimeoutMs = ['Knex', 'Sequelize'].includes(name) ? 60_000 : 1000;
    await using connector = new Connector({ dialTimeoutMs });
    const orm = make({ connector });
    const failed = orm.one().catch((error: unknown) => error);
    await delay(300);
    await orm.close();
    expect(await failed).toBeInstanceOf(Error);
    await expect.poll(() => cloud.emulator.statistics().connections.open).toBe(0);
  });
});

it("Sequelize's replication has an instance for each node", async () => {
  await using replica = await SqlServerPeer.start({ users: { app: 'of the replica' } });
  const name = 'demo-shop:europe-west1:replica';
  await using more = await startSqlServerCloud({}, [
    { name, databaseVersion: 'SQLSERVER_2022_STANDARD', databaseUrl: replica.url },
  ]);
  setEnv(more.emulator.env);
  await using connector = new Connector();
  const nodes = {
    write: { ...login, database: 'orders' },
    read: [{ ...login, instance: name, password: 'of the replica' }],
  };
  const sequelize = new Sequelize(
    sequelizeCloudSql({ dialect: 'mssql', database: 'orders', connector, replication: nodes, logging: false }),
  );
  for (const useMaster of [true, false]) {
    expect(await sequelize.query('select 1 as one', { type: QueryTypes.SELECT, useMaster })).toEqual([{ one: 1 }]);
  }
  expect(more.peer.statements.at(-1)).toBe('select 1 as one');
  expect(replica.statements.at(-1)).toBe('select 1 as one');
  await sequelize.close();
  setEnv(cloud.emulator.env);
});

describe('the options of the binding in the wrong place', () => {
  const options = tediousOptions({ ...login });
  const wrong: [string, () => Promise<unknown>][] = [
    ['of Sequelize', () => new Sequelize({ dialect: 'mssql', ...options, logging: false } as object).authenticate()],
    ['of TypeORM', () => new DataSource({ type: 'mssql', ...options, options: {} } as DataSourceOptions).initialize()],
    ['of Knex', () => untilDestroyed(knex({ client: 'mssql', connection: { ...options, options: {} } }))],
    ['of Knex, at its top level', () => untilDestroyed(knex({ client: 'mssql', ...options } as Knex.Config))],
    ['of mssql', () => new sql.ConnectionPool({ ...options, options: {} }).connect()],
  ];

  async function untilDestroyed(db: Knex): Promise<unknown> {
    try {
      return await db.raw('select 1');
    } finally {
      await db.destroy();
    }
  }

  it.for(wrong)('%s reach no database on this machine', async ([, connect], { skip }) => {
    let reached = 0;
    await using local = net.createServer(() => reached++).listen(1433, '127.0.0.1');
    const listens = once(local, 'listening').then(
      () => true,
      () => false,
    );
    if (!(await listens)) skip('port 1433 is in use');
    await expect(connect()).rejects.toThrow();
    expect(reached).toBe(0);
  });
});
