import type { Lifetime } from '../lifetime.ts';
import { allOrFirstError } from '../lifetime.ts';
import type { ResolvedInstance } from '../resolve-options.ts';
import { RULES } from '../service-rules.ts';
import { findPostgres } from './binaries.ts';
import { EmbeddedPostgres } from './embedded-postgres.ts';
import { chooseLauncher } from './launcher.ts';
import { setupStatements } from './setup-sql.ts';

/** Starts a database server for each instance, all at once, and ties them to the lifetime. */
export async function startDatabases(
  instances: readonly ResolvedInstance[],
  workspace: string,
  lifetime: Lifetime,
): Promise<readonly EmbeddedPostgres[]> {
  const started: EmbeddedPostgres[] = [];
  lifetime.defer(() => Promise.all(started.map((database) => database.stop())));
  const launcher = await chooseLauncher(await findPostgres(workspace), workspace);
  return await allOrFirstError(
    instances.map(async ({ name, databases, users }, index) => {
      const setup = setupStatements(databases, users, RULES[name.service]);
      const database = await EmbeddedPostgres.start({ launcher, workspace, folder: String(index) }, setup);
      started.push(database);
      return database;
    }),
  );
}
