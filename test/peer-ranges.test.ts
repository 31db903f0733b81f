import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { columnsOf, provenRange, readResults } from './matrix/results.ts';
import { rows } from './matrix/rows.ts';
import { versionsPage } from './matrix/versions-page.ts';

// Our packages promise to work with the versions that `npm run matrix` saw them work with. If a test here fails because
// a version has changed, run it again.

const results = readResults();
const packages = readdirSync(new URL('../packages', import.meta.url)).map(
  (folder) =>
    JSON.parse(readFileSync(new URL(`../packages/${folder}/package.json`, import.meta.url), 'utf8')) as {
      name: string;
      peerDependencies?: Record<string, string>;
    },
);
/** Prisma's own engine is one version for one version of Prisma, which the tests of the schema engine try. */
const pinned = '@prisma/schema-engine-wasm';
const peers = packages.flatMap(({ name, peerDependencies = {} }) =>
  Object.entries(peerDependencies).flatMap(([peer, range]) => (peer === pinned ? [] : [[name, peer, range] as const])),
);

describe('the results of npm run matrix', () => {
  it.each(Object.entries(rows))('have every column of the row %s, with the newest that is installed', (name, row) => {
    const wanted = Object.entries(columnsOf(row)).map(([column, versions]) => ({
      row: name,
      column,
      versions: expect.objectContaining(versions),
      ok: true,
    }));
    expect(results.filter((result) => result.row === name)).toEqual(wanted);
  });
});

describe('the range of a peer is what was proven', () => {
  it.each(peers)('of %s: %s', (owner, peer, range) => {
    expect(range).toBe(provenRange(results, owner, peer));
  });
});

it('core takes the versions of google-auth-library that were proven', () => {
  const range = provenRange(results, '@x/cloudsql-core', 'google-auth-library');
  const core = readFileSync(new URL('../packages/cloudsql-core/package.json', import.meta.url), 'utf8');
  expect(JSON.parse(core)).toHaveProperty('dependencies.google-auth-library', range);
});

it('docs/versions.md says what was proven', () => {
  expect(readFileSync(new URL('../docs/versions.md', import.meta.url), 'utf8')).toBe(versionsPage(results));
});
