import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Emulator } from '@x/cloudsql-emulator';
import { type Outcome, run } from '../child.ts';
import { Project } from '../documented.ts';
import { install } from './install.ts';
import { email, instances, printed } from './matrix-cloud.ts';
import { dependenciesOfExample, newestOfRows } from './newest.ts';
import { root } from './packed.ts';
import type { Row, Versions } from './rows.ts';
import { runExample } from './run-example.ts';

/** What came of one row with one column. */
export interface Cell {
  /** The packages in question, as they were installed. */
  readonly versions: Versions;
  readonly ok: boolean;
  readonly output: string;
}

/** Installs what a row needs, with some versions chosen, runs its program and compiles it. */
export async function runCell(cloud: Emulator, archives: Versions, row: Row, chosen: Versions): Promise<Cell> {
  const name = Object.entries({ program: row.program, ...chosen }).join('-');
  const own = { [row.package]: archives[row.package]!, '@x/cloudsql-core': archives['@x/cloudsql-core']! };
  const dependencies = { ...dependenciesOf(row), ...chosen };
  const modules = await install(name.replaceAll(/[^\w.-]+/g, '-'), own, dependencies);
  const project = new Project({}, modules);
  try {
    const { engine = 'POSTGRES' } = row;
    const example = isExample(row);
    project.copy(path.join(root, example ? row.program : 'test/matrix/programs'));
    const main = example ? 'main.ts' : `${row.program}.ts`;
    const env = row.googleAuth ? cloud.googleEnv(email, { intercept: true }) : cloud.env;
    const ran = await runExample(project, main, {
      ...env,
      INSTANCE_CONNECTION_NAME: instances[engine],
    });
    const told = printed[engine].every((text) => ran.output.includes(text));
    const compiled = await compile(project, main);
    return {
      versions: Object.fromEntries(row.packages.map((each) => [each, installedIn(modules, each)])),
      ok: ran.code === 0 && told && compiled.code === 0,
      output: `${ran.output}${compiled.output}`,
    };
  } finally {
    project.remove();
  }
}

function isExample({ program }: Row): boolean {
  return program.startsWith('examples/');
}

function dependenciesOf(row: Row): Versions {
  const newest = newestOfRows();
  if (isExample(row)) {
    return { '@types/node': newest['@types/node']!, ...dependenciesOfExample(path.basename(row.program)) };
  }
  const names = ['@types/node', '@types/pg', ...row.packages, ...(row.besides ?? [])];
  return Object.fromEntries(names.map((each) => [each, newest[each]!]));
}

/** Compiles a program against the declarations of the packages, by a bundler's rules: Knex 2 breaks Node's. */
function compile({ folder }: Project, main: string): Promise<Outcome> {
  const flags = [
    ...['--noEmit', '--ignoreConfig', '--strict', '--skipLibCheck', '--allowImportingTsExtensions', '--types', 'node'],
    ...['--target', 'es2023', '--lib', 'es2023,esnext.disposable', '--module', 'esnext'],
    ...['--moduleResolution', 'bundler'],
  ];
  return run(path.join(root, 'test/node_modules/.bin/tsc'), [...flags, main], { cwd: folder });
}

function installedIn(modules: string, name: string): string {
  return JSON.parse(readFileSync(path.join(modules, name, 'package.json'), 'utf8')).version;
}
