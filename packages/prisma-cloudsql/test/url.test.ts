import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PrismaCloud } from './prisma-cloud.ts';
import { PrismaProject } from './prisma-project.ts';

const engine = path.join(import.meta.dirname, 'url-engine.ts');
const project = new PrismaProject();
let cloud: PrismaCloud;

const page = readFileSync(new URL('../../../docs/migrations.md', import.meta.url), 'utf8');
const [, documented = ''] = /```ts\n(\/\/ prisma\.config\.ts\n[\s\S]*?)```/.exec(page) ?? [];

/** The file of docs/migrations.md, but for the instance. */
const config = documented
  .replace('my-project:', 'demo-shop:')
  .replace("'@x/prisma-cloudsql'", JSON.stringify(path.join(import.meta.dirname, '../src/index.ts')));

beforeAll(async () => {
  cloud = await PrismaCloud.start(project);
  project.write('prisma.config.ts', config);
});

afterAll(async () => {
  project.remove();
  await cloud.close();
});

describe('cloudSqlUrl in prisma.config.ts', { timeout: 120_000 }, () => {
  test.each([
    ['migrate deploy', '1 migration found'],
    ['migrate status', 'Database schema is up to date!'],
    ['db push', 'The database is already in sync'],
  ])('%s goes through it, and the command exits by itself', async (command, said) => {
    const outcome = await cloud.prisma(command, '', { PRISMA_SCHEMA_ENGINE_BINARY: engine, URL: '' });
    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining(said) });
    expect(await cloud.query('select item from orders')).toEqual([]);
  });

  test('over TCP the secret in it is what the engine shows', async () => {
    project.write('prisma.config.ts', config.replace("database: 'orders'", "database: 'pushed', port: 0"));
    const outcome = await cloud.prisma('db push', '', { PRISMA_SCHEMA_ENGINE_BINARY: engine, URL: '' });
    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining('127.0.0.1:') });
    expect(await cloud.query('select item from orders', 'pushed')).toEqual([]);
  });

  test('generate needs neither database nor credentials', async () => {
    const env = { PRISMA_SCHEMA_ENGINE_BINARY: engine };
    const { code, stdout } = await project.run(['generate'], env);
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('Generated Prisma Client') });
  });
});

describe('cloudsql exec', { timeout: 120_000 }, () => {
  test('runs prisma migrate deploy, whose configuration knows DATABASE_URL only', async () => {
    const datasource = 'datasource: { url: process.env.DATABASE_URL }';
    const schema = "schema: 'prisma/schema.prisma', migrations: { path: 'prisma/migrations' }";
    project.write('prisma.config.ts', `export default { ${schema}, ${datasource} };`);
    const main = path.join(import.meta.dirname, '../../cloudsql-cli/src/main.ts');
    const exec = [main, 'exec', 'demo-shop:europe-west1:orders', '--database', 'dev', '--', process.execPath];
    const env = { ...cloud.env, PRISMA_SCHEMA_ENGINE_BINARY: engine };
    const outcome = await project.run(['migrate', 'deploy'], env, '', exec);
    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining('1 migration found') });
    expect(await cloud.query('select item from orders', 'dev')).toEqual([]);
  });
});
