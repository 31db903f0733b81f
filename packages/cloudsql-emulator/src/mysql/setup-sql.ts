import type { DatabaseUser } from '../database-user.ts';
import type { ServiceRules } from '../service-rules.ts';

/** Name of the emulator's own superuser in servers that it starts. */
export const ADMIN_USER = 'cloudsqladmin';

/** Who makes a server: the statements for roles differ. */
export type Flavour = 'MARIADB' | 'MYSQL';

// What Google's role has; of the privileges on everything neither SUPER nor FILE nor SHUTDOWN.
const SUPERUSER_PRIVILEGES = [
  ...['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'DROP', 'RELOAD', 'PROCESS', 'REFERENCES', 'INDEX', 'ALTER'],
  ...['SHOW DATABASES', 'CREATE TEMPORARY TABLES', 'LOCK TABLES', 'EXECUTE', 'REPLICATION SLAVE', 'REPLICATION CLIENT'],
  ...['CREATE VIEW', 'SHOW VIEW', 'CREATE ROUTINE', 'ALTER ROUTINE', 'CREATE USER', 'EVENT', 'TRIGGER'],
].join(', ');

/**
 * Returns what a fresh server runs before it lets anybody in: nobody but the emulator may log in without a password.
 * One statement per line, as such files demand.
 */
export function initialSql(flavour: Flavour, password: string): string {
  const admin = accountOf(ADMIN_USER);
  const removeOthers =
    flavour === 'MARIADB'
      ? ["DELETE FROM mysql.global_priv WHERE User <> 'mariadb.sys';", 'FLUSH PRIVILEGES;']
      : ["DROP USER 'root'@'localhost';"];
  return [
    ...(flavour === 'MARIADB' ? removeOthers : []),
    `CREATE USER ${admin} IDENTIFIED BY ${quoteLiteral(password)};`,
    `GRANT ALL PRIVILEGES ON *.* TO ${admin} WITH GRANT OPTION;`,
    ...(flavour === 'MARIADB' ? [] : removeOthers),
  ].join('\n');
}

/** Returns what a server whose data was kept runs before it lets anybody in. */
export function resumeSql(password: string): string {
  return `${changePasswordStatement(ADMIN_USER, password)};`;
}

/** Returns the statements that create the role which every instance has. */
export function roleStatements({ superuserRole }: ServiceRules): readonly string[] {
  const role = quoteLiteral(superuserRole);
  return [`CREATE ROLE IF NOT EXISTS ${role}`, `GRANT ${SUPERUSER_PRIVILEGES} ON *.* TO ${role} WITH GRANT OPTION`];
}

/** Returns the statement that creates a database unless it is there. */
export function createDatabaseStatement(name: string): string {
  return `CREATE DATABASE IF NOT EXISTS ${quoteIdentifier(name)}`;
}

/**
 * Returns the statements that create a user with a password, be it the user's own or one that nobody is told. One that is
 * there already is given it, where `mayExist`.
 */
export function createUserStatements(
  user: DatabaseUser,
  password: string,
  flavour: Flavour,
  mayExist = false,
): readonly string[] {
  const account = accountOf(user.name);
  const roles = user.databaseRoles.map(quoteLiteral);
  // MariaDB turns on one role at login.
  const byDefault =
    flavour === 'MARIADB' ? `SET DEFAULT ROLE ${roles[0]} FOR ${account}` : `SET DEFAULT ROLE ALL TO ${account}`;
  return [
    ...(mayExist ? [`CREATE USER IF NOT EXISTS ${account}`, changePasswordStatement(user.name, password)] : []),
    ...(mayExist ? [] : [`CREATE USER ${account} IDENTIFIED BY ${quoteLiteral(password)}`]),
    ...roles.map((role) => `GRANT ${role} TO ${account}`),
    ...(roles.length > 0 ? [byDefault] : []),
  ];
}

/** Returns the statement that gives a user another password. */
export function changePasswordStatement(name: string, password: string): string {
  return `ALTER USER ${accountOf(name)} IDENTIFIED BY ${quoteLiteral(password)}`;
}

/** Returns the statement that drops a user. */
export function dropUserStatement(name: string): string {
  return `DROP USER ${accountOf(name)}`;
}

function accountOf(name: string): string {
  return `${quoteLiteral(name)}@'%'`;
}

function quoteLiteral(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

function quoteIdentifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
