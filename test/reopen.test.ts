import type { Connector } from '@x/cloudsql-core';
import type { Emulator } from '@x/cloudsql-emulator';
import { cloudSql as knexCloudSql } from '@x/knex-cloudsql';
import { PrismaCloudSql } from '@x/prisma-cloudsql';
import { cloudSql as sequelizeCloudSql } from '@x/sequelize-cloudsql';
import { cloudSql as typeormCloudSql } from '@x/typeorm-cloudsql';
import knex from 'knex';
import { Sequelize } from 'sequelize';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { StuckConnector } from './adapter-conformance/stuck-connector.ts';
import { instance, setEnv, startCloud } from './cloud.ts';

// Closing gives up dials: those under way, and not those of the next pool that is made of the same options.

interface Orm {
  open(): Promise<unknown>;
  ask(): Promise<unknown>;
  close(): Promise<unknown>;
}

const database = 'orders';
const question = 'select 1 as one';

const orms: Readonly<Record<string, (connector: Connector) => Orm>> = {
  Knex(connector) {
    const connection = { instance, database, connector };
    const db = knex(knexCloudSql({ client: 'pg', connection, log: { warn() {} } }));
    return { open: async () => db.initialize(), ask: async () => db.raw(question), close: () => db.destroy() };
  },
  TypeORM(connector) {
    const dataSource = new DataSource(typeormCloudSql({ type: 'postgres', instance, database, connector }));
    return {
      open: () => dataSource.initialize(),
      ask: () => dataSource.query(question),
      close: () => dataSource.destroy(),
    };
  },
  Sequelize(connector) {
    const options = sequelizeCloudSql({ dialect: 'postgres', instance, database, connector, logging: false });
    let sequelize: Sequelize;
    return {
      async open() {
        sequelize = new Sequelize(options);
      },
      ask: () => sequelize.query(question),
      close: () => sequelize.close(),
    };
  },
  Prisma(connector) {
    const factory = new PrismaCloudSql({ instance, database, connector });
    let adapter: Awaited<ReturnType<PrismaCloudSql['connect']>>;
    return {
      async open() {
        adapter = await factory.connect();
      },
      ask: () => adapter.queryRaw({ sql: question, args: [], argTypes: [] }),
      close: () => adapter.dispose(),
    };
  },
};

let cloud: Emulator;

beforeAll(async () => {
  cloud = await startCloud();
  setEnv(cloud.env);
});

afterAll(() => cloud.close());

it.each(Object.entries(orms))('%s, closed during a dial, opens again', async (_, make) => {
  await using connector = new StuckConnector();
  const { open, ask, close } = make(connector);
  await open();
  const answer = await ask();
  const asked = await connector.meet(ask);
  await close();
  await Promise.all(asked);
  connector.stuck = false;
  await open();
  expect(JSON.stringify(await ask())).toBe(JSON.stringify(answer));
  await close();
});
