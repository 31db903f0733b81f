import { shellQuote } from '../../cli/shell-quote.ts';
import type { Examination } from '../examination.ts';
import { clusterFlags, createUser, grantRole, projectFlag } from '../gcloud.ts';
import type { Finding } from '../steps.ts';
import { engineOf } from './user.ts';

/** How PostgreSQL names what keeps a login from succeeding. */
const sqlStates = { noDatabase: '3D000', noPrivilege: '42501', badLogin: ['28P01', '28000'] } as const;

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

/** Logs in, as a program would, and looks what the user may do. */
export async function checkLogin(examination: Examination): Promise<Finding> {
  const { connector, target, facts, timeoutMs, user = '' } = examination;
  const engine = engineOf(facts?.databaseVersion);
  if (engine !== 'POSTGRES') {
    return { status: 'SKIPPED', found: `the doctor does not speak ${facts?.databaseVersion}: log in with a client` };
  }
  if (target.connection.authType === 'PASSWORD' && target.connection.password === undefined) {
    return { status: 'SKIPPED', found: `no password was given for ${user}`, advice: 'Add --password-file.' };
  }
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
    const known = refused(examination, database, code);
    if (!known) throw error;
    return { status: 'FAILED', evidence: `the database answered ${code}: ${message}`, ...known };
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

/** What the server's refusal means. */
function refused(
  examination: Examination,
  database: string,
  code: string,
): Pick<Finding, 'found' | 'remedy' | 'advice'> | undefined {
  const { instance, iam, user = '', userSeen } = examination;
  const alloyDb = instance.service === 'alloydb';
  if (code === sqlStates.noDatabase) {
    const create = `gcloud sql databases create ${shellQuote(database)} --instance=${instance.name} ${projectFlag(examination)}`;
    const remedy = [alloyDb ? `CREATE DATABASE "${database}";` : create];
    return { found: `there is no database ${database}`, remedy };
  }
  if (code === sqlStates.noPrivilege) {
    const remedy = [`GRANT CONNECT ON DATABASE "${database}" TO "${user}";`];
    return {
      found: `${user} may not connect to the database ${database}`,
      remedy,
      advice: 'To be run by the owner of the database.',
    };
  }
  if (!sqlStates.badLogin.some((each) => each === code)) return undefined;
  if (!iam) {
    const where = alloyDb ? clusterFlags(examination) : `--instance=${instance.name} ${projectFlag(examination)}`;
    const command = `gcloud ${alloyDb ? 'alloydb' : 'sql'} users set-password ${shellQuote(user)} ${where}`;
    return { found: `the password of ${user} is wrong`, remedy: [`${command} --prompt-for-password`] };
  }
  const grant = grantRole(examination, alloyDb ? 'alloydb.databaseUser' : 'cloudsql.instanceUser');
  return userSeen
    ? { found: `${user} exists, and its principal may not log in`, remedy: [grant] }
    : {
        found: `${user} does not exist, or its principal may not log in`,
        remedy: [createUser(examination), grant],
      };
}
