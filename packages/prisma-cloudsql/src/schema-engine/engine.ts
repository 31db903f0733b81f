import { readFile } from 'node:fs/promises';
import type { DiffParams, EvaluateDataLossInput, SchemaEngine } from '@prisma/schema-engine-wasm';
import { type AdapterFactory, adapterFactory } from './adapter-factory.ts';
import type { CommandLine } from './command-line.ts';
import { createTarget } from './databases.ts';
import { offlineAdapter } from './offline.ts';
import { ErrorRegistry, lend } from './outcome.ts';
import { migrationError } from './script-error.ts';
import { parseTarget } from './target.ts';
import { toUserError, UserError } from './user-error.ts';
import { loadSchemaEngine, panicked } from './wasm.ts';

/** Answers the requests of one run of the `prisma` command. */
export interface Engine {
  call(method: string, params: unknown): Promise<unknown>;
  close(): Promise<void>;
}

/** What the engine asks of the command. */
export interface Host {
  /** Shows text to the user. */
  print(text: string): Promise<void>;
}

/** Methods of the compiled engine that take the request and give the answer as they are. */
const passedThrough = [
  ...(['applyMigrations', 'createMigration', 'dbExecute', 'devDiagnostic', 'diagnoseMigrationHistory'] as const),
  ...(['ensureConnectionValidity', 'evaluateDataLoss', 'introspect', 'introspectSql', 'markMigrationApplied'] as const),
  ...(['markMigrationRolledBack', 'reset', 'schemaPush'] as const),
];

/** The first requests of the commands that create the database where it is missing. */
const creating = new Set(['applyMigrations', 'devDiagnostic', 'reset', 'schemaPush']);

/** Starts nothing: the first request that needs a database connects to it. */
export function createEngine({ datasource, datamodels }: CommandLine, host: Host): Engine {
  const target = (): ReturnType<typeof parseTarget> => parseTarget(datasource.url);
  const databases = adapterFactory(target, datasource.shadowDatabaseUrl);
  const errors = new ErrorRegistry();
  const wasm = memoise(loadSchemaEngine);
  const start = async (factory: AdapterFactory): Promise<SchemaEngine> => {
    // Connecting takes about as long as compiling.
    const [SchemaEngine, adapter, files] = await Promise.all([wasm(), factory.connect(), readAll(datamodels)]);
    const connected = { ...factory, connect: async () => adapter };
    return SchemaEngine.new({ datamodels: files }, () => {}, lend(connected, errors));
  };
  const live = memoise(() => start(databases));
  const liveOrCreated = async (): Promise<SchemaEngine> => {
    try {
      return await live();
    } catch (error) {
      if (toUserError(error).code !== 'P1003') throw error;
    }
    const { database } = target();
    await createTarget(target());
    await host.print(`PostgreSQL database ${database} created`);
    return live();
  };
  const offline = memoise(() => start({ ...databases, connect: async () => offlineAdapter as never }));

  const call = async (method: string, params: never): Promise<unknown> => {
    const direct = passedThrough.find((name) => name === method);
    if (direct) {
      const engine = await (creating.has(method) ? liveOrCreated() : live());
      return (await withShadow(engine, params, () => engine[direct](params))) ?? {};
    }
    switch (method) {
      case 'diff': {
        const { stdout, exitCode } = await (await (needsDatabase(params) ? live() : offline())).diff(params);
        if (stdout) await host.print(stdout.replace(/\n$/, ''));
        return { exitCode, stdout: null };
      }
      case 'getDatabaseVersion':
        return (await live()).version(null);
      case 'createDatabase':
        await createTarget(target());
        return { databaseName: target().database };
      default:
        throw new UserError('', `The schema engine of @x/prisma-cloudsql has no method "${method}".`);
    }
  };
  return {
    call: async (method, params) => {
      errors.latest = undefined;
      errors.failedScript = undefined;
      try {
        return await Promise.race([call(method, params as never), panicked]);
      } catch (error) {
        throw errors.latest ?? migrationError(error, errors.failedScript, params) ?? error;
      }
    },
    close: () => databases.close(),
  };
}

/**
 * Does `ask`, which compares with the outcome of the migrations. The compiled engine knows that outcome only if an
 * earlier request had a reason to replay them, and some requests cannot replay them themselves. Then this one does.
 */
async function withShadow(
  engine: SchemaEngine,
  params: EvaluateDataLossInput,
  ask: () => Promise<unknown>,
): Promise<unknown> {
  try {
    return await ask();
  } catch (error) {
    if (!toUserError(error).message.includes('shadow DB must be provided through an external factory')) throw error;
    const { migrationsList, filters } = params;
    await engine.diagnoseMigrationHistory({ migrationsList, filters, optInToShadowDatabase: true });
    return await ask();
  }
}

function needsDatabase({ from, to }: DiffParams): boolean {
  return [from, to].some(({ tag }) => tag !== 'empty' && tag !== 'schemaDatamodel' && tag !== 'migrations');
}

// No files at all is not the same as an empty list of them.
async function readAll(files: readonly string[]): Promise<[string, string][] | undefined> {
  if (files.length === 0) return undefined;
  return Promise.all(files.map(async (file): Promise<[string, string]> => [file, await readFile(file, 'utf8')]));
}

/** Calls `make` once, and again only after it failed. */
function memoise<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
