import type { Lifetime } from '../lifetime.ts';
import { allOrFirstError } from '../lifetime.ts';
import { MysqlDatabase } from '../mysql/mysql-database.ts';
import { findMysql } from '../mysql/mysql-programs.ts';
import { setupStatements as mysqlSetup } from '../mysql/setup-sql.ts';
import type { ResolvedInstance } from '../resolve-options.ts';
import { findPostgres } from './binaries.ts';
import type { Database } from './database.ts';
import { EmbeddedPostgres } from './embedded-postgres.ts';
import type { Launcher } from './launcher.ts';
import { chooseLauncher } from './launcher.ts';
import { setupStatements } from './setup-sql.ts';

/** Starts a database server for each instance, all at once, and ties them to the lifetime. */
export async function startDatabases(
  instances: readonly ResolvedInstance[],
  workspace: string,
  lifetime: Lifetime,
): Promise<readonly Database[]> {
  const started: Database[] = [];
  lifetime.defer(() => Promise.all(started.map((database) => database.stop())));
  const launcher = await chooseLauncher(workspace);
  const starters = {
    POSTGRES: once(() => postgresStarter(launcher, workspace)),
    MYSQL: once(() => mysqlStarter(launcher, workspace)),
  };
  return await allOrFirstError(
    instances.map(async (instance, index) => {
      const start = await starters[instance.engine.name]();
      const database = await start(instance, String(index));
      started.push(database);
      return database;
    }),
  );
}

/** Starts the server of one instance in a folder of the workspace. */
type Starter = (instance: ResolvedInstance, folder: string) => Promise<Database>;

async function postgresStarter(launcher: Launcher, workspace: string): Promise<Starter> {
  const binaries = await findPostgres(launcher, workspace);
  return async ({ databases, users, rules }, folder) => {
    const setup = setupStatements(databases, users, rules);
    return await EmbeddedPostgres.start({ launcher, binaries, workspace, folder, rules }, setup);
  };
}

async function mysqlStarter(launcher: Launcher, workspace: string): Promise<Starter> {
  const programs = await findMysql();
  return async ({ databases, users, rules, engine }, folder) => {
    const options = { launcher, programs, workspace, folder, databaseVersion: engine.version };
    return await MysqlDatabase.start(options, mysqlSetup(databases, rules), users);
  };
}

/** Remembers what a function returned the first time; what one engine needs is looked for only if it is wanted. */
function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
