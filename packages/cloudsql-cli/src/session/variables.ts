import type { LocalSession } from './local-session.ts';

/** What can be told about a session, by the names that `--set` knows. */
export const fields = ['url', 'host', 'port', 'user', 'database', 'password'] as const;

/** One of {@link fields}. */
export type Field = (typeof fields)[number];

/** Variables of libpq that lead elsewhere, or demand of the listener what it does not have. */
const misleading = [
  'PGCHANNELBINDING',
  'PGHOSTADDR',
  'PGPASSWORD',
  'PGREQUIREAUTH',
  'PGREQUIRESSL',
  'PGSERVICE',
  'PGSSLCERT',
  'PGSSLNEGOTIATION',
  'PGSSLROOTCERT',
  'PGTARGETSESSIONATTRS',
];

/** The variables by which programs find a session: `DATABASE_URL` and those of libpq. */
export function variablesOf(session: LocalSession): Readonly<Record<string, string>> {
  const { url, host, port, user, database, password } = session;
  return {
    DATABASE_URL: url,
    PGHOST: host,
    PGPORT: port,
    PGUSER: user,
    PGDATABASE: database,
    ...(password === undefined ? {} : { PGPASSWORD: password }),
    // What is encrypted is the way from here to the instance.
    PGSSLMODE: 'disable',
    PGGSSENCMODE: 'disable',
  };
}

/** The environment without what would lead a client past the session. */
export function withoutMisleading(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !misleading.includes(name)));
}

/** The same variables for one instance of several, `ORDERS_DATABASE_URL`, `ORDERS_PGHOST`, … */
export function prefixed(
  prefix: string,
  variables: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [`${prefix}_${name}`, value]));
}
