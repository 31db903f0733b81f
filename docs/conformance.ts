import { writeFileSync } from 'node:fs';
import { cannot } from '../test/adapter-conformance/capabilities.ts';
import { matrixRows, matrixText } from '../test/adapter-conformance/matrix.ts';

/** The text of conformance.md, from the table that the suite itself uses. Run this file to write it. */
export function conformanceReference(): string {
  const reasons = Object.entries(cannot).flatMap(([row, skips]) =>
    Object.entries(skips).map(([scenario, reason]) => `| ${row} | ${scenario} | ${reason} |`),
  );
  const matrix = matrixText(({ row }, scenario) => (cannot[row][scenario] === undefined ? 'passed' : 'skipped'));
  return `# Conformance of the adapters

Every adapter runs the same suite, with each of its drivers, against the emulator: real TLS, real certificates, a real
PostgreSQL, and MariaDB or MySQL where one is installed. \`npm test -- test/adapter-conformance\` runs it and prints this
matrix with the results. A row skips nothing but what the table below names.

\`\`\`text
${matrix}
\`\`\`

✓ has to pass, – is skipped. ${matrixRows.length} rows; SQL Server has a [test of its own](sql-server.md), which connects
and asks one question.

| row | skips | because |
|---|---|---|
${reasons.join('\n')}

"Nothing left behind" is a program of its own: when the ORM is closed, it has no socket any more; after one life of a
certificate it has no timer, and calls no API; and it ends by itself.

The suite is not published: its scenarios need the emulator's faults and administrator, and an adapter outside of this
repository would have to fit both. Who writes one copies \`test/adapter-conformance/\` and adds a row.
`;
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(new URL('conformance.md', import.meta.url), conformanceReference());
}
