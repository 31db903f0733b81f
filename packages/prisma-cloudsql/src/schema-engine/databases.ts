import { type Adapter, connect } from './connection.ts';
import { type Target, withDatabase } from './target.ts';
import { UserError } from './user-error.ts';

/**
 * Creates a database from the session `admin`. The right to create one is not inherited in PostgreSQL: where the user
 * lacks it and is a member of a role that has it (on Cloud SQL: `cloudsqlsuperuser`), that role creates the database.
 * @throws UserError P3014 where no such role is at hand
 */
export async function createDatabase(admin: Adapter, database: string): Promise<void> {
  const pool = admin.underlyingDriver();
  const create = `CREATE DATABASE ${quote(database)}`;
  const refused = await pool.query(create).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (refused === undefined) return;
  if (!(refused instanceof Error && 'code' in refused && refused.code === '42501')) throw refused;
  const { rows } = await pool.query<{ role: string }>(
    `SELECT rolname AS role FROM pg_roles WHERE rolcreatedb AND pg_has_role(current_user, oid, 'MEMBER')
     ORDER BY rolname = 'cloudsqlsuperuser' DESC, rolname LIMIT 1`,
  );
  if (!rows[0]) {
    throw new UserError(
      'P3014',
      `The database user may not create the database \`${database}\`.\n\nGrant it a role that may, GRANT cloudsqlsuperuser TO the user, or the right itself, ALTER ROLE … CREATEDB. For the shadow database of \`prisma migrate dev\`, \`shadowDatabaseUrl\` of the Prisma config file may name a database that exists.`,
      { cause: refused },
    );
  }
  await pool.query(`SET ROLE ${quote(rows[0].role)}`);
  try {
    await pool.query(create);
  } finally {
    await pool.query('RESET ROLE');
  }
}

/** Drops a database whoever is connected to it. */
export async function dropDatabase(admin: Adapter, database: string): Promise<void> {
  await admin.underlyingDriver().query(`DROP DATABASE IF EXISTS ${quote(database)} WITH (FORCE)`);
}

/** Creates the database that `target` names, and its schema. */
export async function createTarget(target: Target): Promise<void> {
  const admin = await connect(withDatabase({ ...target, schema: 'public' }, 'postgres'));
  try {
    await createDatabase(admin, target.database);
  } finally {
    await admin.dispose();
  }
}

function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
