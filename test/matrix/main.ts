// `npm run matrix`: runs every row of rows.ts with each of its columns, from packed tarballs against the emulator, and
// writes results.jsonl and docs/versions.md, which must agree with the peer ranges of our packages (test/peer-ranges.test.ts).
//
//   npm run matrix -- knex prisma              only these rows; the results of the others stay
//   npm run matrix -- knex --try knex=2.1.0    one more column, which is not written

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runCell } from './cell.ts';
import { startMatrixCloud } from './matrix-cloud.ts';
import { packAll } from './packed.ts';
import { columnsOf, type Result, readResults, resultsFile } from './results.ts';
import { rows, type Versions } from './rows.ts';
import { versionsPage } from './versions-page.ts';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { try: { type: 'string' } } });
const names = positionals.length > 0 ? positionals : Object.keys(rows);
const unknown = names.filter((name) => !Object.hasOwn(rows, name));
if (unknown.length > 0) throw new Error(`No such row: ${unknown.join()}. There are: ${Object.keys(rows).join(', ')}`);
const trial: Versions | undefined =
  values.try === undefined ? undefined : Object.fromEntries(values.try.split(',').map((each) => each.split('=')));

const engines = new Set(names.map((name) => rows[name]?.engine ?? 'POSTGRES'));
const { cloud, close } = await startMatrixCloud(engines);
try {
  const results = await runRows(await packAll());
  if (!trial) write(results);
  process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
} finally {
  await close();
}

async function runRows(archives: Versions): Promise<Result[]> {
  const results: Result[] = [];
  for (const name of names) {
    const row = rows[name]!;
    for (const [column, chosen] of Object.entries(trial ? { trial } : columnsOf(row))) {
      const { ok, versions, output } = await runCell(cloud, archives, row, chosen);
      const shown = Object.entries(versions).map((pair) => pair.join(' '));
      console.log(`${ok ? '✓' : '✗'} ${name.padEnd(22)} ${column.padEnd(10)} ${shown.join(', ')}`);
      if (!ok) console.log(output);
      results.push({ row: name, column, versions, ok });
    }
  }
  return results;
}

/** Keeps the results of rows that were not run, in the order of rows.ts. */
function write(fresh: readonly Result[]): void {
  const kept = readResults().filter(({ row }) => !names.includes(row));
  const all = Object.keys(rows).flatMap((name) => [...kept, ...fresh].filter(({ row }) => row === name));
  writeFileSync(resultsFile, all.map((result) => `${JSON.stringify(result)}\n`).join(''));
  writeFileSync(new URL('../../docs/versions.md', import.meta.url), versionsPage(all));
}
