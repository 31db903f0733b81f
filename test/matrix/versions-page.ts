import { provenRange, type Result } from './results.ts';
import { rows } from './rows.ts';

/** docs/versions.md: what the script has seen our packages work with. */
export function versionsPage(results: readonly Result[]): string {
  const owners = [...new Set(Object.values(rows).map((row) => row.package))];
  const lines = owners.flatMap((owner) => {
    const mine = results.filter(({ row }) => rows[row]?.package === owner);
    const names = [...new Set(mine.flatMap(({ versions }) => Object.keys(versions)))];
    return names.map((name) => {
      const seen = [...new Set(mine.map(({ versions }) => versions[name]).filter((version) => version !== undefined))];
      return `| \`${owner}\` | ${name} | \`${provenRange(results, owner, name)}\` | ${seen.join(', ')} |`;
    });
  });
  return `${head}${lines.join('\n')}\n${foot}`;
}

const head = `# Versions

Which versions of ORMs, drivers and libraries our packages work with. Each of the versions in the last column was
installed beside our published packages, ran a program against the emulator, and compiled it. The ranges are those in
\`peerDependencies\`: from the oldest of them up to the next version that may break something.
This page is written by \`npm run matrix\`.

| package | with | range | seen working |
|---|---|---|---|
`;

const foot = `
SQL Server was not there: its drivers logged in to a stand-in, which answers one \`SELECT\`.

## Node, TypeScript, bundlers and test runners

- **Node**: 20.19 and newer, as a module or as CommonJS. Programs run on 20.19.0, 22 and 24.21.0 in each run of the tests.
- **TypeScript** finds the declarations, with \`moduleResolution\` \`bundler\`, \`node16\`, \`nodenext\` and \`node10\`.
- **esbuild** bundles core, a driver and an adapter for \`--format=cjs\`, and for \`--format=esm\` with
  \`--banner:js="import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"\`, which
  \`pg\` and other CommonJS packages need.
- **Jest** runs tests that use the packages, the emulator included, as it is configured by default.
`;
