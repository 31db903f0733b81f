import { createHook } from 'node:async_hooks';
import childProcess from 'node:child_process';
import crypto from 'node:crypto';
import dns from 'node:dns';
import fs from 'node:fs';
import http from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import tls from 'node:tls';
import { mariadbOptions } from '@x/cloudsql-core/mariadb';
import { mysql2Options } from '@x/cloudsql-core/mysql2';
import { drizzle } from '@x/drizzle-cloudsql';
import { drizzle as drizzleMysql2 } from '@x/drizzle-cloudsql/mysql2';
import { drizzle as drizzlePostgresJs } from '@x/drizzle-cloudsql/postgres-js';
import { cloudSql as knexCloudSql } from '@x/knex-cloudsql';
import { PrismaCloudSql } from '@x/prisma-cloudsql';
import { PrismaCloudSql as PrismaMssqlCloudSql } from '@x/prisma-cloudsql/mssql';
import { PrismaCloudSql as PrismaMysqlCloudSql } from '@x/prisma-cloudsql/mysql';
import { cloudSql as sequelizeCloudSql } from '@x/sequelize-cloudsql';
import { cloudSql as typeormCloudSql } from '@x/typeorm-cloudsql';
import knex from 'knex';
import mysql2 from 'mysql2';
import { Sequelize } from 'sequelize';
import { DataSource } from 'typeorm';
import { afterEach, describe, expect, it, vi } from 'vitest';

const instance = 'shop:europe-west1:orders';
const database = 'orders';
const withPassword = { instance, database, user: 'app', password: 'correct horse' };

/** The configurations, and the ORM objects that users make of them. */
const configurations = {
  mysql2: () => mysql2Options({ instance, database }),
  mariadb: () => mariadbOptions({ instance, database }),
  knex: () => knexCloudSql({ client: 'pg', connection: { instance, database } }),
  prisma: () => new PrismaCloudSql({ instance, database }),
  typeorm: () => typeormCloudSql({ type: 'postgres', instance, database }),
  sequelize: () => sequelizeCloudSql({ dialect: 'postgres', instance, database }),
  drizzle: () => drizzle({ connection: { instance, database } }),
  'drizzle on postgres.js': () => drizzlePostgresJs({ connection: { instance, database } }),
  'knex for MySQL': () => knexCloudSql({ client: 'mysql2', connection: { instance, database } }),
  'prisma for MySQL': () => new PrismaMysqlCloudSql({ instance, database }),
  'typeorm for MySQL': () => typeormCloudSql({ type: 'mysql', instance, database }),
  'sequelize for MySQL': () => sequelizeCloudSql({ dialect: 'mysql', instance, database }),
  'drizzle for MySQL': () => drizzleMysql2({ connection: { instance, database } }),
  'knex for SQL Server': () => knexCloudSql({ client: 'mssql', connection: withPassword }),
  'prisma for SQL Server': () => new PrismaMssqlCloudSql(withPassword),
  'typeorm for SQL Server': () => typeormCloudSql({ type: 'mssql', ...withPassword }),
  'sequelize for SQL Server': () => sequelizeCloudSql({ dialect: 'mssql', ...withPassword }),
} as const;

const objects = {
  mysql2: () => mysql2.createPool(configurations.mysql2()),
  knex: () => knex(configurations.knex()),
  typeorm: () => new DataSource(configurations.typeorm()),
  sequelize: () => new Sequelize(configurations.sequelize()),
  'knex for MySQL': () => knex(configurations['knex for MySQL']()),
  'typeorm for MySQL': () => new DataSource(configurations['typeorm for MySQL']()),
  'sequelize for MySQL': () => new Sequelize(configurations['sequelize for MySQL']()),
  'knex for SQL Server': () => knex(configurations['knex for SQL Server']()),
  'typeorm for SQL Server': () => new DataSource(configurations['typeorm for SQL Server']()),
  'sequelize for SQL Server': () => new Sequelize(configurations['sequelize for SQL Server']()),
} as const;

/** Asynchronous resources that exist without any I/O. */
const harmless = new Set(['PROMISE', 'TickObject']);

/** Whatever can touch the world outside of the process, synchronously or not. */
const doors: [object: object, names: readonly string[]][] = [
  [
    fs,
    Object.keys(fs).filter((name) =>
      /Sync$|^(open|read|readFile|stat|access|readdir|watch|createReadStream)$/.test(name),
    ),
  ],
  [fs.promises, ['open', 'readFile', 'stat', 'access', 'readdir']],
  [childProcess, ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork']],
  [net, ['connect', 'createConnection', 'createServer']],
  [tls, ['connect', 'createServer']],
  [http, ['request', 'get']],
  [dns, ['lookup', 'resolve', 'resolve4', 'resolveTxt']],
  [crypto, ['generateKeyPair', 'generateKeyPairSync', 'pbkdf2', 'scrypt', 'randomFill']],
  [globalThis, ['setTimeout', 'setInterval', 'setImmediate', 'fetch']],
  [process, ['emitWarning']],
];

/** Runs `build` and lists what it did besides computing. */
function watch(build: () => unknown): string[] {
  const seen: string[] = [];
  for (const [object, names] of doors) {
    for (const name of names) {
      const original = (object as Record<string, unknown>)[name];
      if (typeof original !== 'function') continue;
      vi.spyOn(object as Record<string, () => void>, name).mockImplementation(function (
        this: unknown,
        ...args: never[]
      ) {
        seen.push(name);
        return Reflect.apply(original, this, args);
      } as () => void);
    }
  }
  syncBuiltinESMExports();
  const hook = createHook({
    init(_, type) {
      if (!harmless.has(type)) seen.push(type);
    },
  });
  hook.enable();
  try {
    build();
  } finally {
    hook.disable();
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  }
  return seen;
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe.each(Object.entries(configurations))('the configuration for %s', (_, build) => {
  it('is built without file, network, child process, thread pool or timer, and without credentials', () => {
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', '/nonexistent/credentials.json');
    vi.stubEnv('HOME', '/nonexistent');
    expect(watch(build)).toEqual([]);
  });
});

describe.each(Object.entries(objects))('the object of %s', (_, build) => {
  it('is made without I/O too, once its modules are loaded', () => {
    build();
    // `require` of a module that is loaded looks up its path once more.
    expect(watch(build).filter((name) => name !== 'realpathSync')).toEqual([]);
  });
});

it('would have noticed each kind of I/O', () => {
  expect(watch(() => fs.readFileSync(import.meta.filename))).toContain('readFileSync');
  expect(watch(() => fs.promises.stat('.'))).toContain('FSREQPROMISE');
  expect(watch(() => clearTimeout(setTimeout(() => {}, 1)))).toContain('Timeout');
  expect(watch(() => net.connect({ port: 1, host: '127.0.0.1' }).on('error', () => {}))).toContain('TCPWRAP');
  expect(watch(() => dns.lookup('localhost', () => {}))).toContain('GETADDRINFOREQWRAP');
  expect(watch(() => crypto.generateKeyPair('ec', { namedCurve: 'P-256' }, () => {}))).toContain('generateKeyPair');
  expect(watch(() => childProcess.spawnSync(process.execPath, ['-v']))).toContain('spawnSync');
  expect(watch(() => process.emitWarning('a warning that a test asked for'))).toContain('emitWarning');
});
