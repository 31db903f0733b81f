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
    ...databases.map((name) => createDatabaseSql(name, rules)),
  ];
}

/** Returns the statements that give a server whose data was kept the users that are wanted now. Nobody is dropped. */
export function resumeStatements(
  users: readonly DatabaseUser[],
  rules: ServiceRules,
  kept: readonly DatabaseUser[],
): readonly string[] {
  const isKept = (user: DatabaseUser): boolean => kept.some(({ name }) => name === user.name);
  return [
    ...users.filter((user) => !isKept(user)).map((user) => createUserSql(user, rules)),
    ...users.filter((user) => isKept(user) && user.password !== undefined).map(changePasswordSql),
  ];
}

/** Returns the statements that make somebody else's server look like one of Google's. What is there already stays. */
export function borrowedStatements({ superuserRole, iamRoles }: ServiceRules): readonly string[] {
  return [
    ...[superuserRole, ...new Set(Object.values(iamRoles).flat())].map((role) => ensureRoleSql(quoteIdentifier(role))),
    `ALTER ROLE ${superuserRole} CREATEDB CREATEROLE`,
  ];
}

/** Returns the statements that create a user of somebody else's server, or give it the password that is wanted. */
export function ensureUserSql(user: DatabaseUser, rules: ServiceRules, password: string | undefined): string {
  const role = quoteIdentifier(user.name);
  return [
    `${ensureRoleSql(role)};`,
    ...(password === undefined ? [] : [`ALTER ROLE ${role} LOGIN PASSWORD ${quoteLiteral(password)};`]),
    ...[...rules.iamRoles[user.kind], ...user.databaseRoles].map(
      (name) => `GRANT ${quoteIdentifier(name)} TO ${role};`,
    ),
  ].join('\n');
}

/** Returns the statement that creates a database of somebody else's server, which may be older. */
export function createOrdinaryDatabaseSql(name: string, { superuserRole }: ServiceRules): string {
  return `CREATE DATABASE ${quoteIdentifier(name)} OWNER ${superuserRole}`;
}

function ensureRoleSql(role: string): string {
  return `DO $emulator$ BEGIN CREATE ROLE ${role}; EXCEPTION WHEN duplicate_object THEN NULL; END $emulator$`;
}

/** Returns the statement that creates a database; it cannot share a query with anything else. */
export function createDatabaseSql(name: string, { superuserRole }: ServiceRules): string {
  // Copying files is the faster strategy without fsync.
  return `CREATE DATABASE ${quoteIdentifier(name)} OWNER ${superuserRole} STRATEGY file_copy`;
}

function changePasswordSql({ name, password = '' }: DatabaseUser): string {
  return `ALTER ROLE ${quoteIdentifier(name)} PASSWORD ${quoteLiteral(password)}`;
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
  const login = user.kind === 'GROUP' ? 'NOLOGIN' : 'LOGIN';
  return [`CREATE ROLE ${role} ${login} ${attributes};`, ...roles].join('\n');
}

/** Returns the statement that drops a database user. */
export function dropUserSql(name: string): string {
  return `DROP ROLE ${quoteIdentifier(name)}`;
}
