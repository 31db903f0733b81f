import { readReplicas } from '@prisma/extension-read-replicas';
import { Connector } from '@x/cloudsql-core';
import { type Emulator, type InstanceOptions, startEmulator } from '@x/cloudsql-emulator';
import { drizzle } from '@x/drizzle-cloudsql';
import { PrismaCloudSql } from '@x/prisma-cloudsql';
import { cloudSql as sequelizeCloudSql } from '@x/sequelize-cloudsql';
import { cloudSql as typeormCloudSql } from '@x/typeorm-cloudsql';
import { integer, pgTable, text, withReplicas } from 'drizzle-orm/pg-core';
import { DataTypes, Sequelize } from 'sequelize';
import { DataSource, EntitySchema } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mysqlEngine } from './adapter-conformance/engines/mysql.ts';
import { postgres } from './adapter-conformance/engines/postgres.ts';
import { generateFor } from './adapter-conformance/prisma/generate.ts';
import { cluster } from './alloydb-cloud.ts';
import { app, setEnv } from './cloud.ts';
import { withoutMysql } from './mysql-cloud.ts';

await generateFor('postgresql');
const { PrismaClient } = await import('./adapter-conformance/prisma/generated/postgresql/client.ts');

const database = 'orders';
const table = `create table items (id int primary key, name varchar(50) not null, bytes %s, data json, big bigint,
  at timestamp, tags %s)`;

let cloud: Emulator;
/** Not the one that the process shares, which knows one emulator only. */
let connector: Connector;

/** Starts a primary and a replica; each of them says of itself what it is, in the first row of its table. */
async function start(nodes: readonly string[], options: Partial<InstanceOptions> = {}): Promise<void> {
  const isMysql = options.databaseVersion !== undefined;
  const databaseRoles = [nodes[0]!.includes('/') ? 'alloydbsuperuser' : 'cloudsqlsuperuser'];
  const users = [{ email: app, databaseRoles }];
  cloud = await startEmulator({
    principals: [{ email: app }],
    instances: nodes.map((name) => ({ name, databases: [database], users, ...options })),
  });
  setEnv(cloud.env);
  connector = new Connector();
  const { administer } = isMysql ? mysqlEngine : postgres;
  const types = isMysql ? ['blob', 'text'] : ['bytea', 'text[]'];
  for (const [index, name] of nodes.entries()) {
    await administer(
      cloud,
      name,
      types.reduce((sql, type) => sql.replace('%s', type), table),
    );
    await administer(cloud, name, `insert into items (id, name) values (0, '${index === 0 ? 'primary' : 'replica'}')`);
    if (!isMysql) await administer(cloud, name, 'grant all on items to public');
  }
}

/** Who was connected to, as what. */
function dialled(): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const { instance, ipType } of cloud.connections) {
    found[instance] = [...new Set([...(found[instance] ?? []), ipType])];
  }
  return found;
}

const Item = new EntitySchema<{ id: number; name: string }>({
  name: 'Item',
  tableName: 'items',
  columns: { id: { type: 'int', primary: true }, name: { type: 'text' } },
});

/** Reads the names, writes an item, and reads the names of where it was written. */
type Program = (primary: string, replica: string) => Promise<{ read: string[]; written: string[] }>;

const typeorm =
  (type: 'postgres' | 'mysql'): Program =>
  async (primary, replica) => {
    const replication = { master: { instance: primary }, slaves: [{ instance: replica, ipType: 'PRIVATE' }] };
    const options = { type, database, connector, replication, entities: [Item], logging: false } as const;
    const dataSource = await new DataSource(typeormCloudSql(options as never)).initialize();
    try {
      const read = await dataSource.manager.find(Item);
      await dataSource.manager.insert(Item, { id: 1, name: 'written' });
      const written = await dataSource.transaction((manager) => manager.find(Item, { order: { id: 'ASC' } }));
      return { read: read.map(({ name }) => name), written: written.map(({ name }) => name) };
    } finally {
      await dataSource.destroy();
    }
  };

const sequelize =
  (dialect: 'postgres' | 'mysql'): Program =>
  async (primary, replica) => {
    const replication = { write: { instance: primary }, read: [{ instance: replica, ipType: 'PRIVATE' }] };
    const orm = new Sequelize(sequelizeCloudSql({ dialect, database, connector, replication, logging: false }));
    const items = orm.define('Item', { name: DataTypes.TEXT }, { tableName: 'items', timestamps: false });
    try {
      const read = await items.findAll({ raw: true });
      await items.create({ id: 1, name: 'written' });
      const written = await items.findAll({ raw: true, useMaster: true, order: ['id'] });
      return { read: read.map(nameOf), written: written.map(nameOf) };
    } finally {
      await orm.close();
    }
  };

function nameOf(item: unknown): string {
  return (item as { name: string }).name;
}

const drizzleProgram: Program = async (primary, replica) => {
  const items = pgTable('items', { id: integer().primaryKey(), name: text() });
  await using first = drizzle({ connection: { instance: primary, database, connector } });
  await using second = drizzle({ connection: { instance: replica, database, connector, ipType: 'PRIVATE' } });
  const db = withReplicas(first, [second]);
  const read = await db.select().from(items);
  await db.insert(items).values({ id: 1, name: 'written' });
  const written = await db.$primary.select().from(items).orderBy(items.id);
  return { read: read.map(nameOf), written: written.map(nameOf) };
};

const prismaProgram: Program = async (primary, replica) => {
  const clientOf = (options: { instance: string; ipType?: string }) =>
    new PrismaClient({ adapter: new PrismaCloudSql({ ...options, database, connector }) });
  const second = clientOf({ instance: replica, ipType: 'PRIVATE' });
  const prisma = clientOf({ instance: primary }).$extends(readReplicas({ replicas: [second] }));
  const select = { name: true } as const;
  try {
    const read = await prisma.item.findMany({ select });
    await prisma.$executeRaw`insert into items (id, name) values (1, 'written')`;
    const written = await prisma.$primary().item.findMany({ select, orderBy: { id: 'asc' } });
    return { read: read.map(nameOf), written: written.map(nameOf) };
  } finally {
    await prisma.$disconnect();
    await second.$disconnect();
  }
};

const onPostgres: [string, Program][] = [
  ['TypeORM', typeorm('postgres')],
  ['Sequelize', sequelize('postgres')],
  ['Drizzle', drizzleProgram],
  ['Prisma', prismaProgram],
];
const onMysql: [string, Program][] = [
  ['TypeORM', typeorm('mysql')],
  ['Sequelize', sequelize('mysql')],
];

describe.each([
  { what: 'Cloud SQL for PostgreSQL', nodes: ['demo-shop:r:orders', 'demo-shop:r:replica'], programs: onPostgres },
  {
    what: 'AlloyDB with a read pool',
    nodes: [`${cluster}/instances/primary`, `${cluster}/instances/readers`],
    programs: onPostgres,
  },
  {
    what: 'Cloud SQL for MySQL',
    nodes: ['demo-shop:r:ledger', 'demo-shop:r:ledger-replica'],
    programs: onMysql,
    options: { databaseVersion: 'MYSQL_8_4' } as const,
  },
])('replicas in $what', ({ nodes, programs, options }) => {
  const [primary, replica] = nodes as [string, string];
  const isMissing = options !== undefined && withoutMysql;

  beforeAll(async () => {
    if (!isMissing) await start(nodes, options);
  });
  afterAll(async () => {
    if (isMissing) return;
    await connector.close();
    await cloud.close();
  });

  it.for(programs)('serve the reads of %s, and the primary its writes', async ([, program], { skip }) => {
    if (isMissing) skip('neither mariadbd nor mysqld is installed');
    const { administer } = options ? mysqlEngine : postgres;
    await administer(cloud, primary, 'delete from items where id = 1');
    expect(await program(primary, replica)).toEqual({ read: ['replica'], written: ['primary', 'written'] });
    expect(dialled()).toEqual({ [primary]: [expect.stringMatching(/^P/)], [replica]: ['PRIVATE'] });
    expect(await administer(cloud, replica, 'select name from items')).toEqual([{ name: 'replica' }]);
    await expect.poll(() => cloud.statistics().connections.open).toBe(0);
  });
});

it('refuses an address in a node, and an instance beside the nodes', () => {
  const replication = { master: { instance: 'p:r:i', host: 'localhost' }, slaves: [] };
  expect(() => typeormCloudSql({ type: 'postgres', replication } as never)).toThrow(
    'TypeORM replication: the option `host` cannot be set',
  );
  const nodes = { write: { instance: 'p:r:i' }, read: [{ instance: 'p:r:j', port: 5432 }] };
  expect(() => sequelizeCloudSql({ dialect: 'postgres', replication: nodes } as never)).toThrow(
    'Sequelize replication: the option `port` cannot be set',
  );
});
