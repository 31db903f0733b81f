import type { DatabaseUserKind } from './database-user.ts';
import type { Permission } from './iam/permissions.ts';
import { mayLogInToAlloyDb, mayLogInToCloudSql } from './iam/scopes.ts';
import type { ServiceName } from './instance-name.ts';

/** What differs between instances of Cloud SQL and of AlloyDB, apart from their admin APIs. */
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
  /** How names of built-in users must not begin. */
  readonly reservedPrefixes: readonly string[];
  /** What the server says when an IAM login fails. */
  readonly iamFailure: (user: string, isServiceAccount: boolean) => string;
}

const cloudSql: ServiceRules = {
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
  reservedPrefixes: ['pg_', 'cloudsql'],
  iamFailure: (user, isServiceAccount) =>
    `Cloud SQL IAM ${isServiceAccount ? 'service account' : 'user'} authentication failed for user "${user}"`,
};

const alloyDb: ServiceRules = {
  port: 5433,
  loginPermission: 'alloydb.users.login',
  mayLogIn: mayLogInToAlloyDb,
  superuserRole: 'alloydbsuperuser',
  iamRoles: { SERVICE_ACCOUNT: ['alloydbiamuser'], USER: ['alloydbiamuser'], GROUP: [], BUILT_IN: [] },
  // The last one because the superuser of the server below is called cloudsqladmin here, too.
  reservedPrefixes: ['pg_', 'alloydb', 'cloudsql'],
  // The text of a public report about a service account; that it is the same for people is inferred.
  iamFailure: (user) => `AlloyDB IAM user authentication failed for user "${user}"`,
};

/** The rules of each service. */
export const RULES: Readonly<Record<ServiceName, ServiceRules>> = { 'cloud-sql': cloudSql, alloydb: alloyDb };
