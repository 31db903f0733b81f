// `npm run matrix`: runs every row of rows.ts with each of its columns, from packed tarballs against the emulator, and
// writes results.json, from which the peer ranges of our packages are taken (test/peer-ranges.test.ts).
//
//   npm run matrix -- knex prisma              only these rows; the results of the others stay
//   npm run matrix -- knex --try knex=2.1.0    one more column, which is not written

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startEmulator } from '@x/cloudsql-emulator';
import { Project } from '../documented.ts';
import { install } from './install.ts';
import { dependenciesOfExample, newestVersions } from './newest.ts';
import { packAll, root } from './packed.ts';
import { columnsOf, type Result, resultsFile } from './results.ts';
import { type Row, rows, type Versions } from './rows.ts';
import { runExample } from './run-example.ts';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { try: { type: 'string' } } });
const names = positionals.length > 0 ? positionals : Object.keys(rows);
const unknown = names.filter((name) => !Object.hasOwn(rows, name));
if (unknown.length > 0) throw new Error(`No such row: ${unknown.join()}. There are: ${Object.keys(rows).join(', ')}`);

const instance = 'shop:europe-west1:orders';
const email = 'app@shop.iam.gserviceaccount.com';
const cloud = await startEmulator({
  principals: [{ email }],
  instances: [{ name: instance, databases: ['orders'], users: [{ email, databaseRoles: ['cloudsqlsuperuser'] }] }],
});
const newest = newestVersions();
try {
  const results = await runRows(await packAll());
  if (!values.try) write(results);
  process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
} finally {
  await cloud.close();
}

async function runRows(archives: Versions): Promise<Result[]> {
  const results: Result[] = [];
  for (const name of names) {
    const row = rows[name]!;
    const trial = values.try && Object.fromEntries(values.try.split(',').map((each) => each.split('=')));
    const columns = trial ? { trial } : columnsOf(row);
    for (const [column, versions] of Object.entries(columns))
      results.push(await runCell(archives, name, row, column, versions));
  }
  return results;
}

async function runCell(
  archives: Versions,
  name: string,
  row: Row,
  column: string,
  versions: Versions,
): Promise<Result> {
  const all = { ...dependenciesOf(row), ...versions };
  const own = { [row.package]: archives[row.package]!, '@x/cloudsql-core': archives['@x/cloudsql-core']! };
  const modules = await install(`${name}-${column}`.replaceAll(/[^\w.-]+/g, '-'), own, all);
  const project = new Project({}, modules);
  try {
    project.copy(path.join(root, row.program.startsWith('examples/') ? row.program : 'test/matrix/programs'));
    const env = row.googleAuth ? cloud.googleEnv(email, { intercept: true }) : cloud.env;
    const main = row.program.startsWith('examples/') ? 'main.ts' : `${row.program}.ts`;
    const { code, output } = await runExample(project, main, { ...env, INSTANCE_CONNECTION_NAME: instance });
    const ok = code === 0 && output.includes("currentUser: 'app@shop.iam'") && output.includes('rowsRead: 21');
    const tested = Object.fromEntries(row.packages.map((each) => [each, all[each]!]));
    const shown = Object.entries(tested).map((pair) => pair.join(' '));
    console.log(
      `${ok ? '✓' : '✗'} ${name.padEnd(22)} ${column.padEnd(10)} ${shown.join(', ')}${ok ? '' : `\n${output}`}`,
    );
    return { row: name, column, versions: tested, ok };
  } finally {
    project.remove();
  }
}

function dependenciesOf({ program, packages, besides = [] }: Row): Versions {
  const [, example] = /^examples\/(.*)/.exec(program) ?? [];
  if (example) return dependenciesOfExample(example);
  return Object.fromEntries([...packages, ...besides].map((each) => [each, newest[each]!]));
}

/** Keeps the results of rows that were not run, in the order of rows.ts. */
function write(fresh: readonly Result[]): void {
  const kept = (JSON.parse(readFileSync(resultsFile, 'utf8')) as Result[]).filter(({ row }) => !names.includes(row));
  const order = Object.keys(rows);
  const all = [...kept, ...fresh].filter(({ row }) => order.includes(row));
  all.sort((a, b) => order.indexOf(a.row) - order.indexOf(b.row));
  writeFileSync(resultsFile, `[\n${all.map((result) => `  ${JSON.stringify(result)}`).join(',\n')}\n]\n`);
}
