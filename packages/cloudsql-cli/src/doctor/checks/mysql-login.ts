import type { Examination } from '../examination.ts';
import type { Finding } from '../steps.ts';
import type { Refusal } from './login.ts';

/** How MySQL names what keeps a login from succeeding. */
const refusals: Readonly<Record<string, Refusal>> = {
  ER_BAD_DB_ERROR: 'NO_DATABASE',
  ER_DBACCESS_DENIED_ERROR: 'NO_PRIVILEGE',
  ER_ACCESS_DENIED_ERROR: 'BAD_LOGIN',
};

/** The SQL that lets a user into a database. */
export function mysqlGrant(database: string, user: string): string {
  return `GRANT SELECT, INSERT, UPDATE, DELETE ON \`${database}\`.* TO '${user}'@'%';`;
}

/** Logs in. Resolves with the refusal where the server refuses. */
export async function logInToMysql(examination: Examination): Promise<Finding | { refusal: Refusal; said: string }> {
  const { connector, target, timeoutMs } = examination;
  const [{ createConnection }, { mysql2Options }] = await Promise.all([
    import('mysql2/promise'),
    import('@x/cloudsql-core/mysql2'),
  ]);
  const { database } = target;
  const named = database === undefined ? {} : { database };
  try {
    const connection = await createConnection(
      mysql2Options({ ...target.connection, ...named, connector, connectTimeout: timeoutMs }),
    );
    // What a dying connection still says has been said by the failure.
    connection.on('error', () => {});
    try {
      const [rows] = await connection.query('select current_user() as name');
      const { name } = (rows as { readonly name: string }[])[0]!;
      return { status: 'OK', found: `${name} is logged in${database === undefined ? '' : ` to ${database}`}` };
    } finally {
      connection.destroy();
    }
  } catch (error) {
    const { code = '', message } = error as Error & { readonly code?: string };
    const refusal = refusals[code];
    if (!refusal) throw error;
    return { refusal, said: `${code}: ${message}` };
  }
}
