import { readFileSync } from 'node:fs';
import { type Emulator, startEmulator } from '@x/cloudsql-emulator';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateFor } from './adapter-conformance/prisma/generate.ts';
import { app, appUser, setEnv } from './cloud.ts';
import { isInstalled, withoutMysql } from './mysql-cloud.ts';

// What the first pages show is run as it stands there, against instances of the names that stand there.

const instance = 'my-project:europe-west1:orders';
const shop = 'my-project:europe-west1:shop';

let cloud: Emulator;

beforeAll(async () => {
  const more = { databases: ['orders'], users: [{ email: app, databaseRoles: ['cloudsqlsuperuser'] }] };
  const mysql = withoutMysql ? [] : [{ name: shop, databaseVersion: 'MYSQL_8_4', ...more } as const];
  cloud = await startEmulator({ principals: [{ email: app }], instances: [{ name: instance, ...more }, ...mysql] });
  setEnv(cloud.env);
});

afterAll(() => cloud.close());

/** The code of a page in TypeScript, block by block. */
function blocksOf(page: string): string[] {
  const text = readFileSync(new URL(`../${page}`, import.meta.url), 'utf8');
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);
}

/** The block of a page in which a text stands. */
function block(page: string, text: string): string {
  const found = blocksOf(page).filter((code) => code.includes(text));
  expect(found).toHaveLength(1);
  return found[0]!;
}

/** Runs code as the body of an async function, with some values by name. What it imports is loaded first. */
async function evaluate(code: string, values: Readonly<Record<string, unknown>>): Promise<unknown> {
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, esModuleInterop: true };
  const { outputText } = ts.transpileModule(code, { compilerOptions });
  const names = [...outputText.matchAll(/require\("([^"]+)"\)/g)].map(([, name = '']) => name);
  const loaded = await Promise.all(names.map(async (name) => ({ ...(await import(name)), __esModule: true })));
  const load = (name: string): unknown => loaded[names.indexOf(name)];
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as FunctionConstructor;
  const named = { require: load, exports: {}, ...values };
  return new AsyncFunction(...Object.keys(named), outputText)(...Object.values(named));
}

/** What each line of the README needs besides itself, and how to ask what it makes who is logged in. */
interface Line {
  readonly names: () => Promise<Readonly<Record<string, unknown>>>;
  readonly ask: string;
}

const lines: Readonly<Record<string, Line>> = {
  'knex(': {
    names: async () => ({ knex: (await import('knex')).default, ...(await import('@x/knex-cloudsql')) }),
    ask: 'const { rows } = await it.raw(who); await it.destroy(); return rows[0].name',
  },
  'new PrismaClient(': {
    async names() {
      await generateFor('postgresql');
      const { PrismaClient } = await import('./adapter-conformance/prisma/generated/postgresql/client.ts');
      return { PrismaClient, ...(await import('@x/prisma-cloudsql')) };
    },
    ask: 'const [row] = await it.$queryRawUnsafe(who); await it.$disconnect(); return row.name',
  },
  'new DataSource(': {
    async names() {
      const { DataSource, EntitySchema } = await import('typeorm');
      const Order = new EntitySchema({ name: 'Order', columns: { id: { type: Number, primary: true } } });
      return { DataSource, Order, ...(await import('@x/typeorm-cloudsql')) };
    },
    ask: 'await it.initialize(); const [row] = await it.query(who); await it.destroy(); return row.name',
  },
  'new Sequelize(': {
    async names() {
      const { Sequelize } = await import('sequelize');
      return { Sequelize, ...(await import('@x/sequelize-cloudsql')) };
    },
    ask: 'const [[row]] = await it.query(who, { logging: false }); await it.close(); return row.name',
  },
  'drizzle(': {
    names: async () => ({ schema: {}, ...(await import('@x/drizzle-cloudsql')) }),
    ask: 'const { rows } = await it.execute(who); await it.$client.end(); return rows[0].name',
  },
  'new pg.Pool(': {
    names: async () => ({ pg: (await import('pg')).default, ...(await import('@x/cloudsql-core/pg')) }),
    ask: 'const { rows } = await it.query(who); await it.end(); return rows[0].name',
  },
  'postgres(': {
    names: async () => ({
      postgres: (await import('postgres')).default,
      ...(await import('@x/cloudsql-core/postgres')),
    }),
    ask: 'const [row] = await it.unsafe(who); await it.end(); return row.name',
  },
  'mysql.createPool(': {
    names: async () => ({ mysql: await import('mysql2/promise'), ...(await import('@x/cloudsql-core/mysql2')) }),
    ask: 'const [[row]] = await it.query(who); await it.end(); return row.name',
  },
  'mariadb.createPool(': {
    names: async () => ({ mariadb: await import('mariadb'), ...(await import('@x/cloudsql-core/mariadb')) }),
    ask: 'const [row] = await it.query(who); await it.end(); return row.name',
  },
};

const shown = block('README.md', 'new PrismaClient(')
  .split('\n')
  .filter((line) => /\/\/ @x\//.test(line))
  .map((line) => line.replace(/ +/g, ' '));

it('has a way to run each line that the README shows', () => {
  const begin = Object.keys(lines);
  expect(shown.map((line) => begin.find((text) => line.startsWith(text)))).toEqual(begin);
});

const isMysql = (line: string): boolean => /^(mysql|mariadb)/.test(line);

/** Runs one of the lines, and says who was logged in. */
async function run(line: string): Promise<unknown> {
  const [, { names, ask }] = Object.entries(lines).find(([text]) => line.startsWith(text))!;
  const who = 'select current_user as name';
  return evaluate(`const it = ${line}\n${ask}`, { instance: isMysql(line) ? shop : instance, who, ...(await names()) });
}

it.each(shown.filter((line) => !withoutMysql || !isMysql(line)))('%s', async (line) => {
  expect(await run(line)).toMatch(isMysql(line) ? /^app@/ : appUser);
});

describe('in the README of core', () => {
  const page = 'packages/cloudsql-core/README.md';

  it('a pool of pg', async () => {
    const code = block(page, "from '@x/cloudsql-core/pg'");
    expect(await evaluate(`${code}\nawait pool.end(); return rows`, {})).toEqual([{ current_user: appUser }]);
  });

  it('postgres.js', async () => {
    const code = block(page, "from '@x/cloudsql-core/postgres'");
    const ask = 'const rows = await sql`select current_user`; await sql.end(); return [...rows]';
    expect(await evaluate(`${code}\n${ask}`, {})).toEqual([{ current_user: appUser }]);
  });

  it.skipIf(withoutMysql)('a pool of mysql2', async () => {
    const code = block(page, "from '@x/cloudsql-core/mysql2'");
    const ask = "const [[row]] = await pool.query('select current_user as name'); await pool.end(); return row.name";
    expect(await evaluate(`${code}\n${ask}`, {})).toMatch(/^app@/);
  });

  it.skipIf(!isInstalled('psql'))('a listener', async () => {
    const code = block(page, 'listen({');
    expect(await evaluate(`${code}\nreturn stdout`, {})).toContain(appUser);
  });

  it('a connector', async () => {
    const code = block(page, 'new Connector(');
    expect(await evaluate(`${code}\nsocket.destroy(); return socket.authorized`, {})).toBe(true);
  });
});
