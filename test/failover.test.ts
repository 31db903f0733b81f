import dns from 'node:dns';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { Connector, type ConnectorOptions, type NameResolver } from '@x/cloudsql-core';
import { pgOptions } from '@x/cloudsql-core/pg';
import { postgresOptions } from '@x/cloudsql-core/postgres';
import type { DnsRecords, Emulator } from '@x/cloudsql-emulator';
import { drizzle } from '@x/drizzle-cloudsql';
import { cloudSql as knexCloudSql } from '@x/knex-cloudsql';
import { cloudSql as sequelizeCloudSql } from '@x/sequelize-cloudsql';
import { cloudSql as typeormCloudSql } from '@x/typeorm-cloudsql';
import knex from 'knex';
import pg from 'pg';
import postgres from 'postgres';
import { Sequelize } from 'sequelize';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { run } from './child.ts';
import { app, setEnv, startCloud } from './cloud.ts';

const before = 'demo-shop:europe-west1:before';
const after = 'demo-shop:europe-west4:after';
const elsewhere = 'demo-other:europe-west1:elsewhere';
const name = 'orders.shop.example';
const servers = dns.getServers();
/** Polls often enough for a test. */
const often = { failoverPeriodMs: 100 };
/** An answer may be a second old. */
const soon = { timeout: 10_000 };

let cloud: Emulator;

beforeAll(async () => {
  const databases = ['orders'];
  const users = [{ email: app, databaseRoles: ['cloudsqlsuperuser'] }];
  const instances = [before, after, elsewhere].map((each) => ({ name: each, databases, users }));
  cloud = await startCloud({ instances });
  setEnv(cloud.env);
  dns.setServers([cloud.dns.server]);
});

/** What a test has opened, to be ended however the test ends. */
const opened: (() => unknown)[] = [];

beforeEach(() => lead({ TXT: before }));
afterEach(async () => {
  await cloud.faults.clear();
  cloud.certificateLifetimeMs = 3_600_000;
  for (const end of opened.splice(0).reverse()) await end();
  await expect.poll(() => cloud.statistics().connections.open).toBe(0);
  cloud.resetStatistics();
});
afterAll(async () => {
  dns.setServers(servers);
  await cloud.close();
});

function lead(records: DnsRecords): void {
  cloud.dns.set(name, { ttl: 0, ...records });
}

function connect(options: ConnectorOptions): Connector {
  const connector = new Connector(options);
  opened.push(() => connector.close());
  return connector;
}

/** How many connections to an instance are open. */
function open(instance: string): number {
  return cloud.connections.filter((each) => each.instance === instance && each.closedAt === undefined).length;
}

/** Where a new connection leads. */
async function led(connector: Connector, options: { timeoutMs?: number } = {}): Promise<string> {
  const { length } = cloud.connections;
  const socket = await connector.connect({ instance: name, ...options });
  await expect.poll(() => cloud.connections.length).toBeGreaterThan(length);
  socket.destroy();
  return cloud.connections.at(-1)!.instance;
}

const regionOf = `select current_setting('data_directory') as place`;

/** A pool whose owner listens to nothing, as many do. */
function bare(options: ConnectorOptions): { connector: Connector; pool: pg.Pool; place: () => Promise<string> } {
  const connector = connect(options);
  const pool = new pg.Pool(pgOptions({ instance: name, database: 'orders', connector, max: 3 }));
  opened.push(() => pool.end());
  return { connector, pool, place: async () => (await pool.query(regionOf)).rows[0].place };
}

/** ORMs and a driver, each with a pool of its own; what they return runs a query. */
const orms: Readonly<Record<string, (connector: Connector) => (() => unknown) | Promise<() => unknown>>> = {
  knex(connector) {
    const db = knex(knexCloudSql({ client: 'pg', connection: { instance: name, database: 'orders', connector } }));
    opened.push(() => db.destroy());
    return () => db.raw('select 1');
  },
  Sequelize(connector) {
    const options = { dialect: 'postgres', instance: name, database: 'orders', logging: false, connector } as const;
    const db = new Sequelize(sequelizeCloudSql(options));
    opened.push(() => db.close());
    return () => db.query('select 1');
  },
  async TypeORM(connector) {
    const db = new DataSource(typeormCloudSql({ type: 'postgres', instance: name, database: 'orders', connector }));
    await db.initialize();
    opened.push(() => db.destroy());
    return () => db.query('select 1');
  },
  Drizzle(connector) {
    const db = drizzle({ connection: { instance: name, database: 'orders', connector } });
    opened.push(() => db.$client.end());
    return () => db.execute('select 1');
  },
  'postgres.js'(connector) {
    const sql = postgres(postgresOptions({ instance: name, database: 'orders', connector }));
    opened.push(() => sql.end());
    return () => sql`select 1`;
  },
};

describe('after a failover', () => {
  it('the next dial reaches the new instance', async () => {
    const connector = connect({ failoverPeriodMs: 0 });
    expect(connector.names()).toEqual([]);
    expect(await led(connector)).toBe(before);
    const first = connector.names();
    expect(first).toEqual([{ name, instance: before, resolvedAt: expect.any(Date), error: undefined }]);
    lead({ TXT: after });
    await expect.poll(() => led(connector), soon).toBe(after);
    expect(await led(connector)).toBe(after);
    expect(connector.names()).toMatchObject([{ name, instance: after, error: undefined }]);
  });

  it('the next dial reaches it while the name is being watched, too', async () => {
    const connector = connect({ failoverPeriodMs: 600_000 });
    const idle = await connector.connect({ instance: name });
    const ended = once(idle, 'close');
    lead({ TXT: after });
    await expect.poll(() => led(connector), soon).toBe(after);
    await ended;
  });

  it('the next dial reaches it although the process was frozen meanwhile, and nobody polled', async () => {
    const resolver: NameResolver = {
      async resolveTxt(asked) {
        const records = await dns.promises.resolveTxt(asked);
        // Longer than a dial takes.
        await delay(500);
        return records;
      },
    };
    const connector = connect({ failoverPeriodMs: 600_000, resolver });
    await connector.warmup({ instance: after });
    const dialled = (): number => cloud.connections.filter((each) => each.instance === before).length;
    const sofar = dialled();
    const socket = await connector.connect({ instance: name });
    opened.push(() => socket.destroy());
    await expect.poll(dialled).toBe(sofar + 1);
    lead({ TXT: after });
    const woken = Date.now() + 1_200_000;
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => woken);
    opened.push(() => clock.mockRestore());
    expect(await led(connector)).toBe(after);
    expect(dialled()).toBe(sofar + 1);
  });

  it('a pool without an error listener moves by itself, and no query fails', async () => {
    const { pool, place } = bare(often);
    const clients = await Promise.all([pool.connect(), pool.connect(), pool.connect()]);
    for (const client of clients) client.release();
    expect([open(before), pool.idleCount]).toEqual([3, 3]);
    const old = await place();
    lead({ TXT: after });
    await expect.poll(() => open(before), soon).toBe(0);
    expect(pool.totalCount).toBe(0);
    expect(await place()).not.toBe(old);
    expect([open(before), open(after)]).toEqual([0, 1]);
  });

  it.each(Object.entries(orms))('%s moves, and no query fails', async (_, connectOrm) => {
    const query = await connectOrm(connect(often));
    await query();
    lead({ TXT: after });
    await expect.poll(() => open(before), soon).toBe(0);
    for (let i = 0; i < 5; i++) await query();
    expect([open(before), open(after)]).toEqual([0, 1]);
  });

  it('postgres.js goes on, however busy it was', async () => {
    const connector = connect({ ...often, resolver: { resolveTxt: async () => [[current]] } });
    let current = before;
    const sql = postgres(postgresOptions({ instance: name, database: 'orders', connector, max: 5 }));
    opened.push(() => sql.end({ timeout: 0 }));
    let working = true;
    let slow = 0;
    const work = async (): Promise<void> => {
      while (working) {
        // A connection that never writes again is given up after this time, and not before.
        const stuck = setTimeout(() => slow++, 15_000);
        await sql`select 1`.catch(() => {});
        clearTimeout(stuck);
      }
    };
    const busy = Promise.all(Array.from({ length: 4 }, work));
    for (const next of [after, before, after, before, after]) {
      await expect.poll(() => open(current)).toBeGreaterThan(1);
      [current] = [next];
      await expect.poll(() => open(next)).toBeGreaterThan(1);
    }
    working = false;
    await busy;
    expect(slow).toBe(0);
  });

  it('old connections end only when the new instance is ready to be dialled', async () => {
    const { place } = bare(often);
    const old = await place();
    cloud.faults.api('connectSettings', { status: 503 });
    lead({ TXT: after });
    cloud.resetStatistics();
    await expect.poll(() => cloud.statistics().calls.connectSettings).toBeGreaterThan(1);
    expect(await place()).toBe(old);
    cloud.faults.api('connectSettings', undefined);
    await expect.poll(() => open(before), { timeout: 20_000 }).toBe(0);
    expect(await place()).not.toBe(old);
  });

  it('one that comes while an instance does not answer is followed by the dial that waits for it', async () => {
    const connector = connect({ failoverPeriodMs: 0 });
    expect(await led(connector)).toBe(before);
    await cloud.faults.connections(before, 'REFUSED');
    lead({ TXT: after });
    await expect.poll(() => led(connector).catch(String), soon).toBe(after);
  });

  it('observers hear of it', async () => {
    const { channel } = await import('node:diagnostics_channel');
    const heard: object[] = [];
    const hear = (event: unknown): void => void heard.push(event as object);
    channel('cloudsql:failover').subscribe(hear);
    const connector = connect({ failoverPeriodMs: 0 });
    await led(connector);
    lead({ TXT: after });
    await expect.poll(() => led(connector), soon).toBe(after);
    channel('cloudsql:failover').unsubscribe(hear);
    expect(heard).toEqual([{ name, from: before, to: after }]);
  });
});

describe('a name that cannot be looked up any more', () => {
  it.each(['SERVFAIL', 'NXDOMAIN', 'SILENT'] as const)('(%s) drops nothing, and dials go on', async (fault) => {
    const { connector, place } = bare(often);
    const old = await place();
    cloud.resetStatistics();
    cloud.faults.dns('*', fault);
    await expect.poll(() => cloud.dns.queries()[`${name} TXT`]).toBeGreaterThan(0);
    // A limit below that of a DNS query: nobody waits for one.
    expect(await led(connector, { timeoutMs: 4000 })).toBe(before);
    expect(await place()).toBe(old);
    await expect.poll(() => open(before)).toBe(1);
  });

  it('drops nothing when it is not watched, either', async () => {
    const connector = connect({ failoverPeriodMs: 0 });
    expect(await led(connector)).toBe(before);
    cloud.faults.dns('*', 'SILENT');
    expect(await led(connector, { timeoutMs: 4000 })).toBe(before);
  });

  it('because its TXT record is damaged drops nothing', async () => {
    const warnings: string[] = [];
    const logger = { warn: (message: string) => void warnings.push(message) };
    const { connector, place } = bare({ ...often, logger });
    const old = await place();
    lead({ TXT: 'oops' });
    await expect.poll(() => warnings.length).toBeGreaterThan(0);
    expect(connector.names()).toMatchObject([
      { name, instance: before, resolvedAt: expect.any(Date), error: { code: 'CLOUDSQL_DNS_NO_INSTANCE' } },
    ]);
    expect(warnings[0]).toMatch(`${before} stays in use for ${name}: It has a TXT record that is no instance name`);
    expect(await place()).toBe(old);
  });
});

describe('a name that leads to another project', () => {
  it('is not followed, and the connections that there are stay', async () => {
    const { connector, place } = bare(often);
    const old = await place();
    lead({ TXT: elsewhere });
    await expect
      .poll(() => led(connector).catch((error: Error) => error), soon)
      .toMatchObject({
        code: 'CLOUDSQL_PROJECT_REFUSED',
        instance: name,
        message: expect.stringContaining(`The name leads to ${elsewhere}; so far it led to instances of demo-shop`),
      });
    expect(connector.names()).toMatchObject([{ instance: before, error: { code: 'CLOUDSQL_PROJECT_REFUSED' } }]);
    expect([await place(), open(elsewhere)]).toEqual([old, 0]);
    lead({ TXT: before });
    await expect.poll(() => led(connector).catch((error: Error) => error), soon).toBe(before);
  });

  it('is followed where that project is allowed', async () => {
    const connector = connect({ failoverPeriodMs: 0, allowedProjects: ['demo-shop', 'demo-other'] });
    expect(await led(connector)).toBe(before);
    lead({ TXT: elsewhere });
    await expect.poll(() => led(connector), soon).toBe(elsewhere);
  });

  it('is refused at first sight where others are allowed', async () => {
    const connector = connect({ allowedProjects: ['demo-other'] });
    await expect(led(connector)).rejects.toMatchObject({
      code: 'CLOUDSQL_PROJECT_REFUSED',
      message: expect.stringContaining('allowed are instances of demo-other'),
    });
  });
});

describe('watching', () => {
  const asked = (): number => cloud.dns.queries()[`${name} TXT`] ?? 0;
  const aWhile = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 500));

  it('stops with the connector', async () => {
    const connector = new Connector({ failoverPeriodMs: 50 });
    const socket = await connector.connect({ instance: name });
    await expect.poll(asked).toBeGreaterThan(2);
    await connector.close();
    cloud.resetStatistics();
    await aWhile();
    expect(asked()).toBe(0);
    expect(socket.destroyed).toBe(false);
    socket.destroy();
  });

  it('stops for a name that nobody has dialled for one life of a certificate', async () => {
    cloud.certificateLifetimeMs = 1000;
    const connector = connect({ failoverPeriodMs: 50 });
    await led(connector);
    const isQuiet = async (): Promise<boolean> => {
      const count = asked();
      await aWhile();
      return asked() === count;
    };
    await expect.poll(isQuiet, { timeout: 10_000 }).toBe(true);
    lead({ TXT: after });
    await expect.poll(() => led(connector), soon).toBe(after);
  });

  it('keeps no process alive', async () => {
    const env = { ...process.env, ...cloud.env, DNS_SERVER: cloud.dns.server, NODE_OPTIONS: '' };
    const program = `${import.meta.dirname}/programs/watch-name.ts`;
    const { code, output } = await run(process.execPath, ['--no-warnings', program], { env });
    expect([code, output]).toEqual([0, 'connected\n']);
  });

  it('goes on while there are connections, however old', async () => {
    cloud.certificateLifetimeMs = 1000;
    const connector = connect({ failoverPeriodMs: 50 });
    const socket = await connector.connect({ instance: name });
    const ended = once(socket, 'close');
    await new Promise((resolve) => setTimeout(resolve, 2500));
    cloud.certificateLifetimeMs = 3_600_000;
    lead({ TXT: after });
    await ended;
  });

  it('asks no more than once a second for all the dials of a name', async () => {
    let lookups = 0;
    const resolver: NameResolver = {
      async resolveTxt() {
        lookups++;
        return [[before]];
      },
    };
    const connector = connect({ failoverPeriodMs: 0, resolver });
    const sockets: TLSSocket[] = [];
    const started = Date.now();
    for (let i = 0; i < 20; i++) sockets.push(await connector.connect({ instance: name }));
    expect(lookups).toBeLessThanOrEqual(1 + Math.ceil((Date.now() - started) / 1000));
    for (const socket of sockets) socket.destroy();
  });
});
