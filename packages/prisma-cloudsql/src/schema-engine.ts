import { fileURLToPath } from 'node:url';
import { versionWarning } from './schema-engine/tested-versions.ts';

/**
 * The path of the schema engine, for the variable through which the `prisma` command finds one. **Experimental**: made
 * for, and tested with, exactly one version of `prisma`; another one is warned about on stderr.
 *
 * With it `prisma migrate` and `prisma db` connect as the application does. Without it they need a URL with a host and
 * a password, and download an engine.
 *
 * @example
 * ```ts
 * // prisma.config.ts
 * import { schemaEnginePath } from '@x/prisma-cloudsql/schema-engine';
 *
 * process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= schemaEnginePath();
 * ```
 */
export function schemaEnginePath(): string {
  const warning = versionWarning();
  // The command hides what an engine writes, so the warning is written where this is called: in the command itself.
  if (warning) process.stderr.write(`${warning}\n`);
  // In git Node runs the source; what is published is compiled.
  const program = import.meta.url.endsWith('.ts') ? './schema-engine/main.ts' : './schema-engine/main.js';
  return fileURLToPath(new URL(program, import.meta.url));
}
