import type { Engine } from '@x/cloudsql-core';
import type { LocalSession } from './local-session.ts';

/** What can be told about a session, by the names that `--set` knows. */
export const fields = ['url', 'host', 'port', 'socket', 'user', 'database', 'password'] as const;

/** One of {@link fields}. */
export type Field = (typeof fields)[number];

/** Variables of clients that lead elsewhere, or demand of the listener what it does not have. */
const misleading = [
  ...['PGCHANNELBINDING', 'PGHOSTADDR', 'PGPASSWORD', 'PGREQUIREAUTH', 'PGREQUIRESSL', 'PGSERVICE', 'PGSSLCERT'],
  ...['PGSSLNEGOTIATION', 'PGSSLROOTCERT', 'PGTARGETSESSIONATTRS'],
  ...['MYSQL_HOST', 'MYSQL_PWD', 'MYSQL_TCP_PORT', 'MYSQL_UNIX_PORT', 'SQLCMDPASSWORD', 'SQLCMDSERVER'],
];

type Variables = Readonly<Record<string, string | undefined>>;

const byEngine: Readonly<Record<Engine, (session: LocalSession) => Variables>> = {
  POSTGRES: ({ host, port, user, database, password }) => ({
    PGHOST: host,
    PGPORT: port,
    PGUSER: user,
    PGDATABASE: database,
    PGPASSWORD: password,
    // What is encrypted is the way from here to the instance.
    PGSSLMODE: 'disable',
    PGGSSENCMODE: 'disable',
  }),
  // Clients of MySQL take neither the user nor the database from the environment: these two are for programs.
  MYSQL: ({ host, port, socket, user, database, password }) => ({
    MYSQL_HOST: host,
    MYSQL_TCP_PORT: port || undefined,
    MYSQL_UNIX_PORT: socket,
    MYSQL_USER: user,
    MYSQL_DATABASE: database,
    MYSQL_PWD: password,
  }),
  SQLSERVER: ({ host, port, user, database, password }) => ({
    SQLCMDSERVER: `${host},${port}`,
    SQLCMDUSER: user,
    SQLCMDDBNAME: database,
    SQLCMDPASSWORD: password,
  }),
};

/** The variables by which programs find a session: `DATABASE_URL` and those of the engine's own clients. */
export function variablesOf(session: LocalSession): Readonly<Record<string, string>> {
  const variables = { DATABASE_URL: session.url, ...byEngine[session.engine](session) };
  const set = Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(set);
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
