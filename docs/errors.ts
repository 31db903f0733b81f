import { writeFileSync } from 'node:fs';
import { type CatalogueEntry, errorCatalogue } from '../packages/cloudsql-core/src/error-catalogue.ts';

const promises = {
  ConfigError: 'The configuration is wrong: retrying is pointless.',
  RefreshError: 'The control plane failed: credentials, tokens or the Admin API.',
  DialError: 'The network or the server failed.',
} as const;

/** The text of errors.md, from the table that the library itself uses. Run this file to write it. */
export function errorReference(): string {
  const sections = Object.entries(promises).map(([kind, promise]) => {
    const entries = Object.entries<CatalogueEntry>(errorCatalogue).filter(([, entry]) => entry.kind === kind);
    const texts = entries.map(
      ([code, { summary, remedy, alloyDbRemedy, retryable }]) =>
        `### ${code}\n\n${summary}\n\n**What to do:** ${remedy}\n\n${alloyDbRemedy ? `**With AlloyDB:** ${alloyDbRemedy}\n\n` : ''}**Retry:** ${retryable ? 'may help' : 'does not help'}.\n`,
    );
    return `## ${kind}\n\n${promise}\n\n${texts.join('\n')}`;
  });
  return `# Errors

Every error of the library is a \`CloudSqlError\` of one of three kinds. \`code\` is stable and is the thing to test;
\`instance\` names the instance, \`retryable\` says whether the same call may succeed later, \`cause\` holds the error
behind it. The message says what failed, on which instance, and what to do.

Database drivers and ORMs receive a copy of the error. Where the network failed it carries Node's own \`code\`, \`errno\`
and \`syscall\`, because ORMs look at those, and our code in \`reason\`: test \`error.reason ?? error.code\`.

| ORM | where the copy is |
|---|---|
| Knex, TypeORM | it is what is thrown |
| Sequelize | \`error.parent\` |
| Drizzle | \`error.cause\` |
| Prisma | \`error.code\` is ours where Prisma has none; beside its own, \`originalCode\` and \`originalMessage\` in \`error.meta.driverAdapterError.cause\` |

${sections.join('\n')}`;
}

if (process.argv[1] === import.meta.filename) writeFileSync(new URL('errors.md', import.meta.url), errorReference());
