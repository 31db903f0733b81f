import type { DatabaseUser } from '../database-user.ts';
import type { ServiceRules } from '../service-rules.ts';
import { ADMIN_ROLE, quoteIdentifier, quoteLiteral } from './sql-client.ts';

/**
 * Access rules of the private socket. Names with `@` are IAM users: the emulator has proved who they are before a byte
 * reaches the database, and lets nobody else through under such a name. Everyone else meets PostgreSQL's own check.
 */
export const ACCESS_RULES: string = `
local all ${ADMIN_ROLE} trust
local all "/@" trust
local all all scram-sha-256
`;

/** Returns the statements that create the roles which every instance has. */
function rolesSql({ superuserRole, iamRoles }: ServiceRules): string {
  return [
    `CREATE ROLE ${superuserRole} CREATEDB CREATEROLE;`,
    `GRANT pg_monitor, pg_signal_backend TO ${superuserRole} WITH ADMIN OPTION;`,
    ...[...new Set(Object.values(iamRoles).flat())].map((role) => `CREATE ROLE ${role};`),
    `ALTER DATABASE postgres OWNER TO ${superuserRole};`,
  ].join('\n');
}

/** Returns the statements that make a fresh server look like one of Google's, each to be run by itself. */
export function setupStatements(
  databases: readonly string[],
  users: readonly DatabaseUser[],
  rules: ServiceRules,
): readonly string[] {
  return [
    [rolesSql(rules), ...users.map((user) => createUserSql(user, rules))].join('\n'),
    // CREATE DATABASE cannot share a query with anything else. Copying files is the faster strategy without fsync.
    ...databases.map(
      (name) => `CREATE DATABASE ${quoteIdentifier(name)} OWNER ${rules.superuserRole} STRATEGY file_copy`,
    ),
  ];
}

/** Returns the statements that create a database user. */
export function createUserSql(user: DatabaseUser, rules: ServiceRules): string {
  const role = quoteIdentifier(user.name);
  const isSuperuser = user.databaseRoles.includes(rules.superuserRole);
  const attributes =
    user.kind === 'BUILT_IN'
      ? `${isSuperuser ? 'CREATEDB CREATEROLE ' : ''}PASSWORD ${quoteLiteral(user.password ?? '')}`
      : '';
  const roles = [...rules.iamRoles[user.kind], ...user.databaseRoles].map(
    (name) => `GRANT ${quoteIdentifier(name)} TO ${role};`,
  );
  return [`CREATE ROLE ${role} LOGIN ${attributes};`, ...roles].join('\n');
}

/** Returns the statement that drops a database user. */
export function dropUserSql(name: string): string {
  return `DROP ROLE ${quoteIdentifier(name)}`;
}
