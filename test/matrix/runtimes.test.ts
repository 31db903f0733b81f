import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { run } from '../child.ts';
import { appUser, instance, startCloud } from '../cloud.ts';
import { Project, section } from '../documented.ts';
import { nodes } from './newest.ts';
import { root } from './packed.ts';

const modules = inject('modules');
let cloud: Emulator;

beforeAll(async () => {
  cloud = await startCloud();
});

afterAll(() => cloud.close());

const program = readFileSync(path.join(root, 'test/matrix/programs/bundled.ts'), 'utf8');
/** `pg` is CommonJS: what it requires of Node is not there in a bundle that is a module. */
const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

describe.each([
  ['CommonJS', 'bundle.cjs', '--format=cjs'],
  ['a module', 'bundle.mjs', '--format=esm', `--banner:js=${banner}`],
])('a program that esbuild has bundled as %s', (_, file, ...format) => {
  const project = new Project({ 'program.ts': program }, modules);

  beforeAll(async () => {
    const esbuild = path.join(modules, '.bin/esbuild');
    const flags = ['--bundle', '--platform=node', '--target=node20', '--log-level=error', `--outfile=${file}`];
    const { output } = await run(esbuild, ['program.ts', ...flags, ...format], { cwd: project.folder });
    expect(output).toBe('');
  });

  afterAll(() => project.remove());

  it.each(nodes(modules))('queries on Node %s', async (version, node) => {
    const env = { ...cloud.env, INSTANCE_CONNECTION_NAME: instance, NODE_OPTIONS: '--no-warnings' };
    const { code, output } = await run(node, [file], { cwd: project.folder, env });
    expect({ code, output }).toEqual({ code: 0, output: `${appUser} on Node v${version}\n` });
  });
});

describe('Jest, as it is configured by default', () => {
  it('runs the tests in the guide to the emulator', async () => {
    const { files, commands } = section('Jest', 'docs/emulator.md');
    const project = new Project({ ...files, 'package.json': '{}' }, modules);
    try {
      const { code, output } = await project.run(commands[0]!, {});
      expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('1 passed, 1 total') });
      expect(project.litter()).toEqual([]);
    } finally {
      project.remove();
    }
  });

  it('runs tests that start the emulator and query it through an adapter', async () => {
    const project = new Project({ 'package.json': '{}', 'orders.test.js': jestTest }, modules);
    try {
      const { code, output } = await project.run('npx jest', {});
      expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('1 passed, 1 total') });
    } finally {
      project.remove();
    }
  });
});

const jestTest = `
const { Connector } = require('@x/cloudsql-core');
const { startEmulator } = require('@x/cloudsql-emulator');
const { cloudSql } = require('@x/knex-cloudsql');
const knex = require('knex');

jest.setTimeout(60_000);

test('logs in with IAM', async () => {
  const cloud = await startEmulator({
    principals: [{ email: '${appUser}.gserviceaccount.com' }],
    instances: [{ name: '${instance}', databases: ['orders'], users: [{ email: '${appUser}.gserviceaccount.com' }] }],
  });
  Object.assign(process.env, cloud.env);
  const connector = new Connector();
  const connection = { instance: '${instance}', database: 'orders', connector };
  const db = knex(cloudSql({ client: 'pg', connection }));
  try {
    const { rows } = await db.raw('select current_user as name');
    expect(rows).toEqual([{ name: '${appUser}' }]);
  } finally {
    await db.destroy();
    await connector.close();
    await cloud.close();
  }
});
`;
