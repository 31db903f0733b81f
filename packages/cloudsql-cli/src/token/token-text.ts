import type { Engine } from '@x/cloudsql-core';
import { Failure } from '../cli/failure.ts';
import { shellQuote } from '../cli/shell-quote.ts';
import type { CheckedToken } from './checked-token.ts';

/** How a token is printed. */
export const tokenFormats = ['token', 'json', 'env', 'pgpass'] as const;

/** Everything about a token, for programs. */
export function tokenJson({ token, user, principal, expiresAt, scopes, checked, credentials }: CheckedToken): string {
  const { kind, source, impersonates, loginTokenNarrowed: narrowed } = credentials;
  const value = { token, user, principal, expiresAt, scopes, narrowed, checked, kind, source, impersonates };
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** The variables of libpq, or those of MySQL's clients, for a shell to evaluate. */
export function tokenVariables({ token, user }: CheckedToken, engine: Engine): string {
  const variables =
    engine === 'MYSQL'
      ? // The token goes over as it is, which clients do only if they are told to; TLS is a must then.
        { MYSQL_PWD: token, LIBMYSQL_ENABLE_CLEARTEXT_PLUGIN: '1' }
      : { ...(user === undefined ? {} : { PGUSER: user }), PGPASSWORD: token, PGSSLMODE: 'require' };
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}=${shellQuote(value)}\n`)
    .join('');
}

/** Which server a line of a password file is for; `*` is any. */
export interface PgpassTarget {
  readonly host: string;
  readonly port: string;
  readonly database: string;
}

/**
 * A password file of libpq with the token in it: in place of the line for the same server, database and user, or else
 * before all others, because the first that fits wins.
 */
export function pgpassText(
  before: string,
  { token, user }: CheckedToken,
  { host, port, database }: PgpassTarget,
): string {
  if (user === undefined) {
    throw new Failure(
      'The credentials have no e-mail address, so the database user is unknown',
      'Name it with --user.',
    );
  }
  const key = [host, port, database, user].map(escaped).join(':');
  const line = `${key}:${escaped(token)}`;
  const lines = before.split('\n').filter((each) => each !== '');
  const others = lines.filter((each) => !each.startsWith(`${key}:`));
  return `${[line, ...others].join('\n')}\n`;
}

function escaped(field: string): string {
  return field.replace(/[\\:]/g, '\\$&');
}
