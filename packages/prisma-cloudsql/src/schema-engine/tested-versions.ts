import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

/** The one version of `prisma` that the engine is made for. */
export const testedPrisma = '7.10.0';

/** The engine of that version: what `@prisma/engines-version` of it names. */
export const testedEngine = '7.10.0-4.0edf323efd1d98336f3f0a68684b56f689b900d3';

/**
 * Says in one line which installed version is not the tested one, or nothing.
 * `project` is the folder from which `prisma` is looked for.
 */
export function versionWarning(project: string = process.cwd()): string | undefined {
  const prisma = installedPrisma(project);
  const engine = installedEngine();
  const wrong = [
    ...(prisma === undefined || prisma === testedPrisma ? [] : [`prisma is ${prisma}, tested is ${testedPrisma}`]),
    ...(engine === undefined || engine === testedEngine
      ? []
      : [`@prisma/schema-engine-wasm is ${engine}, tested is ${testedEngine}`]),
  ];
  if (wrong.length === 0) return undefined;
  return `warning: the experimental schema engine of @x/prisma-cloudsql meets untested versions: ${wrong.join('; ')}`;
}

/** The version of the installed `@prisma/schema-engine-wasm`. */
export function installedEngine(): string | undefined {
  try {
    const entry = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm');
    return version(path.join(path.dirname(entry), 'package.json'));
  } catch {
    return undefined;
  }
}

function installedPrisma(project: string): string | undefined {
  try {
    return version(createRequire(path.join(project, 'package.json')).resolve('prisma/package.json'));
  } catch {
    return undefined;
  }
}

function version(manifest: string): string | undefined {
  const { version: found } = JSON.parse(readFileSync(manifest, 'utf8')) as { version?: unknown };
  return typeof found === 'string' ? found : undefined;
}
