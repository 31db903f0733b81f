import type { DatabaseUserKind } from './database-user.ts';
import type { EngineName } from './engine-version.ts';
import { databaseUserName, mysqlUserName } from './iam/accounts.ts';
import type { Permission } from './iam/permissions.ts';
import { mayLogInToAlloyDb, mayLogInToCloudSql } from './iam/scopes.ts';
import type { ServiceName } from './instance-name.ts';

/** What differs between instances of Cloud SQL and of AlloyDB and between engines, apart from admin APIs and protocols. */
export interface ServiceRules {
  /** Port of the server-side proxy, the same for every instance and every client. */
  readonly port: number;
  /** Permission that lets a principal log in to databases. */
  readonly loginPermission: Permission;
  /** Tells whether a token may be used to log in to a database. */
  readonly mayLogIn: (scopes: readonly string[]) => boolean;
  /** Database role that stands in for a superuser; built-in users have it, and databases belong to it. */
  readonly superuserRole: string;
  /** Database role that IAM users of a kind have. */
  readonly iamRoles: Readonly<Record<DatabaseUserKind, readonly string[]>>;
  /** Returns the name of a principal's database user. */
  readonly userName: (email: string) => string;
  /** PostgreSQL cuts longer names silently, so that two users could become one; MySQL refuses them. */
  readonly maxUserNameBytes: number;
  /** How names of built-in users must not begin. */
  readonly reservedPrefixes: readonly string[];
  /** What PostgreSQL says when an IAM login fails. */
  readonly iamFailure: (user: string, isServiceAccount: boolean) => string;
}

const postgres: ServiceRules = {
  port: 3307,
  loginPermission: 'cloudsql.instances.login',
  mayLogIn: mayLogInToCloudSql,
  superuserRole: 'cloudsqlsuperuser',
  iamRoles: {
    SERVICE_ACCOUNT: ['cloudsqliamserviceaccount'],
    USER: ['cloudsqliamuser'],
    GROUP: ['cloudsqliamgroup'],
    BUILT_IN: [],
  },
  userName: databaseUserName,
  maxUserNameBytes: 63,
  reservedPrefixes: ['pg_', 'cloudsql'],
  iamFailure: (user, isServiceAccount) =>
    `Cloud SQL IAM ${isServiceAccount ? 'service account' : 'user'} authentication failed for user "${user}"`,
};

const mysql: ServiceRules = {
  ...postgres,
  userName: mysqlUserName,
  maxUserNameBytes: 32,
  iamRoles: { SERVICE_ACCOUNT: [], USER: [], GROUP: [], BUILT_IN: [] },
  reservedPrefixes: ['mysql.', 'mariadb.', 'cloudsql'],
};

const alloyDb: ServiceRules = {
  port: 5433,
  loginPermission: 'alloydb.users.login',
  mayLogIn: mayLogInToAlloyDb,
  superuserRole: 'alloydbsuperuser',
  iamRoles: { SERVICE_ACCOUNT: ['alloydbiamuser'], USER: ['alloydbiamuser'], GROUP: [], BUILT_IN: [] },
  userName: databaseUserName,
  maxUserNameBytes: 63,
  // The last one because the superuser of the server below is called cloudsqladmin here, too.
  reservedPrefixes: ['pg_', 'alloydb', 'cloudsql'],
  // The text of a public report about a service account; that it is the same for people is inferred.
  iamFailure: (user) => `AlloyDB IAM user authentication failed for user "${user}"`,
};

/** Its users are the server's own; these are the rules of the proxy in front of it. */
const sqlServer: ServiceRules = { ...postgres, maxUserNameBytes: 128, iamRoles: mysql.iamRoles, reservedPrefixes: [] };

/** Returns the rules for instances of a service and an engine. */
export function rulesOf(service: ServiceName, engine: EngineName): ServiceRules {
  if (service === 'alloydb') return alloyDb;
  return { POSTGRES: postgres, MYSQL: mysql, SQLSERVER: sqlServer }[engine];
}
