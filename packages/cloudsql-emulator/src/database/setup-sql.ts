import type { DatabaseUser } from '../database-user.ts';
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

const ROLES_SQL = `
CREATE ROLE cloudsqlsuperuser CREATEDB CREATEROLE;
GRANT pg_monitor, pg_signal_backend TO cloudsqlsuperuser WITH ADMIN OPTION;
CREATE ROLE cloudsqliamserviceaccount;
CREATE ROLE cloudsqliamuser;
ALTER DATABASE postgres OWNER TO cloudsqlsuperuser;
`;

/** Returns the statements that make a fresh server look like a Cloud SQL instance, each to be run by itself. */
export function setupStatements(databases: readonly string[], users: readonly DatabaseUser[]): readonly string[] {
  return [
    [ROLES_SQL, ...users.map(createUserSql)].join('\n'),
    // CREATE DATABASE cannot share a query with anything else. Copying files is the faster strategy without fsync.
    ...databases.map((name) => `CREATE DATABASE ${quoteIdentifier(name)} OWNER cloudsqlsuperuser STRATEGY file_copy`),
  ];
}

/** Returns the statements that create a database user. */
export function createUserSql(user: DatabaseUser): string {
  const role = quoteIdentifier(user.name);
  const isSuperuser = user.databaseRoles.includes('cloudsqlsuperuser');
  const attributes =
    user.kind === 'BUILT_IN'
      ? `${isSuperuser ? 'CREATEDB CREATEROLE ' : ''}PASSWORD ${quoteLiteral(user.password ?? '')}`
      : '';
  const roles = [...iamRoles(user), ...user.databaseRoles].map((name) => `GRANT ${quoteIdentifier(name)} TO ${role};`);
  return [`CREATE ROLE ${role} LOGIN ${attributes};`, ...roles].join('\n');
}

/** Returns the statement that drops a database user. */
export function dropUserSql(name: string): string {
  return `DROP ROLE ${quoteIdentifier(name)}`;
}

function iamRoles(user: DatabaseUser): readonly string[] {
  switch (user.kind) {
    case 'SERVICE_ACCOUNT':
      return ['cloudsqliamserviceaccount'];
    case 'USER':
      return ['cloudsqliamuser'];
    case 'BUILT_IN':
      return [];
  }
}
