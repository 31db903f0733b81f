import type { Examination } from '../examination.ts';
import type { Finding } from '../steps.ts';
import type { Refusal } from './login.ts';

/** How PostgreSQL names what keeps a login from succeeding. */
const refusals: Readonly<Record<string, Refusal>> = {
  '3D000': 'NO_DATABASE',
  '42501': 'NO_PRIVILEGE',
  '28P01': 'BAD_LOGIN',
  '28000': 'BAD_LOGIN',
};

/** The SQL that lets a user into a database. */
export function postgresGrant(database: string, user: string): string {
  return `GRANT CONNECT ON DATABASE "${database}" TO "${user}";`;
}

/** What the user may do in the schema `public`, in one row. */
const privileges = `select current_user as name,
  has_schema_privilege(current_user, 'public', 'usage') as usage,
  count(*)::int as tables,
  count(*) filter (where has_table_privilege(current_user, oid, 'select'))::int as readable
from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace`;

interface Privileges {
  readonly name: string;
  readonly usage: boolean;
  readonly tables: number;
  readonly readable: number;
}

/** Logs in, and looks what the user may do. Resolves with the refusal where the server refuses. */
export async function logInToPostgres(examination: Examination): Promise<Finding | { refusal: Refusal; said: string }> {
  const { connector, target, timeoutMs } = examination;
  const [{ default: pg }, { pgOptions }] = await Promise.all([import('pg'), import('@x/cloudsql-core/pg')]);
  const database = target.database ?? 'postgres';
  const options = pgOptions({ ...target.connection, database, connector });
  const client = new pg.Client({ ...options, connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs });
  // What a dying connection still says has been said by the failure.
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<Privileges>(privileges);
    return judge(rows[0]!, database);
  } catch (error) {
    const { code = '', message } = error as Error & { readonly code?: string };
    const refusal = refusals[code];
    if (!refusal) throw error;
    return { refusal, said: `${code}: ${message}` };
  } finally {
    await client.end().catch(() => {});
  }
}

function judge({ name, usage, tables, readable }: Privileges, database: string): Finding {
  const role = `"${name.replaceAll('"', '""')}"`;
  const found = `${name} is logged in to ${database}`;
  if (!usage) {
    const remedy = [`GRANT USAGE ON SCHEMA public TO ${role};`];
    return { status: 'WARNING', found: `${found}, and may not use the schema public`, remedy };
  }
  if (tables > 0 && readable === 0) {
    return {
      status: 'WARNING',
      found: `${found}, and may read none of the ${tables} tables of the schema public`,
      remedy: [`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role};`],
      advice: 'To be run by the owner of the tables.',
    };
  }
  return { status: 'OK', found };
}
