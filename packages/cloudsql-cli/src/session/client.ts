import type { Engine } from '@x/cloudsql-core';
import type { LocalSession } from './local-session.ts';

/** How the client of an engine is called so that it reaches a session. */
export interface Client {
  readonly command: string;
  /** No secret: command lines are for everybody to see. */
  readonly args: readonly string[];
  /** Whether the variables of the session are enough, so that all arguments can be the caller's. */
  readonly readsVariables: boolean;
  /** The variable that the client reads the password from. */
  readonly passwordVariable: string;
}

const clients: Readonly<Record<Engine, (session: LocalSession) => Client>> = {
  POSTGRES: ({ host, port, user, database }) => ({
    command: 'psql',
    args: [`host=${host} port=${port} user=${user} dbname=${database} sslmode=disable`],
    readsVariables: true,
    passwordVariable: 'PGPASSWORD',
  }),
  MYSQL: ({ host, port, socket, user, database }) => ({
    command: 'mysql',
    // Said explicitly, because a file of options in the user's home beats the environment.
    args: [
      ...(socket
        ? ['--protocol=socket', `--socket=${socket}`]
        : ['--protocol=tcp', `--host=${host}`, `--port=${port}`]),
      ...(user === undefined ? [] : [`--user=${user}`]),
      ...(database === undefined ? [] : [`--database=${database}`]),
    ],
    readsVariables: false,
    passwordVariable: 'MYSQL_PWD',
  }),
  SQLSERVER: ({ host, port, user, database }) => ({
    command: 'sqlcmd',
    args: ['-S', `${host},${port}`, ...(user === undefined ? [] : ['-U', user]), '-d', database ?? 'master'],
    readsVariables: true,
    passwordVariable: 'SQLCMDPASSWORD',
  }),
};

/** How the client of the session's engine is called. */
export function clientOf(session: LocalSession): Client {
  return clients[session.engine](session);
}
