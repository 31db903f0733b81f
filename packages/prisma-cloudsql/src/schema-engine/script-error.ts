import { toUserError, UserError } from './user-error.ts';

/** What PostgreSQL says about an error; pg's errors have it. */
interface DatabaseError extends Error {
  readonly code?: string;
  readonly severity?: string;
  readonly detail?: string;
  readonly hint?: string;
  /** Where in the script, counted from 1. */
  readonly position?: string;
}

/** An error of a script, as a driver adapter throws it, with what the engine would lose of it. */
export class ScriptError extends Error {
  readonly script: string;
  readonly database: DatabaseError;

  constructor(script: string, database: DatabaseError, adapterError: Error) {
    super(adapterError.message, { cause: adapterError.cause });
    this.name = adapterError.name;
    this.script = script;
    this.database = database;
  }
}

/**
 * Says which migration failed and why, as Prisma's users know it: the compiled engine leaves out the message of the
 * database. `error` is what the engine made of it, `failed` the script, if one failed, `params` the request.
 */
export function migrationError(
  error: unknown,
  failed: ScriptError | undefined,
  params: unknown,
): UserError | undefined {
  if (!failed) return undefined;
  const name = migrations(params).find(({ migrationFile }) => migrationFile.content.value === failed.script)?.path;
  if (name === undefined) return undefined;
  const { code, message } = toUserError(error);
  const { database } = failed;
  if (code === 'P3006') {
    return new UserError(code, `${message.split('\n')[0]}\nError code: ${database.code}\n${explain(failed)}`);
  }
  const what = `A migration failed to apply. New migrations cannot be applied before the error is recovered from. Read more about how to resolve migration issues in a production database: https://pris.ly/d/migrate-resolve\n\nMigration name: ${name}\n\nDatabase error code: ${database.code}\n\n${explain(failed)}`;
  return new UserError('P3018', what, { cause: database });
}

function explain({ database, script }: ScriptError): string {
  const line = database.position ? script.slice(0, Number(database.position) - 1).split('\n').length : undefined;
  return [
    'Database error:',
    `${database.severity ?? 'ERROR'}: ${database.message}`,
    ...(database.detail ? [`DETAIL: ${database.detail}`] : []),
    ...(database.hint ? [`HINT: ${database.hint}`] : []),
    ...(line ? ['', 'Position:', `${String(line).padStart(3)} ${script.split('\n')[line - 1]}`] : []),
  ].join('\n');
}

interface MigrationList {
  readonly migrationDirectories?: readonly MigrationDirectory[];
}

interface MigrationDirectory {
  readonly path: string;
  readonly migrationFile: { readonly content: { readonly value?: string } };
}

/** The migrations that a request brings along: in the list of its own, or as one side of a comparison. */
function migrations(params: unknown): readonly MigrationDirectory[] {
  const { migrationsList, from, to } = (params ?? {}) as Partial<
    Record<'migrationsList' | 'from' | 'to', MigrationList>
  >;
  return [migrationsList, from, to].flatMap((list) => list?.migrationDirectories ?? []);
}
