import type { ServerCaMode } from './pki/pki.ts';

/** A database engine and its version, as Cloud SQL names them. */
export type DatabaseVersion = 'POSTGRES_18' | 'MYSQL_5_7' | 'MYSQL_8_0' | 'MYSQL_8_4' | 'SQLSERVER_2022_STANDARD';

/** A predefined IAM role, without the `roles/` prefix. */
export type IamRole =
  | 'cloudsql.admin'
  | 'cloudsql.editor'
  | 'cloudsql.viewer'
  | 'cloudsql.client'
  | 'cloudsql.instanceUser'
  | 'alloydb.admin'
  | 'alloydb.viewer'
  | 'alloydb.client'
  | 'alloydb.databaseUser'
  | 'serviceusage.serviceUsageConsumer';

/** Someone who can get access tokens. */
export interface PrincipalOptions {
  /**
   * E-mail. Names that end in `.gserviceaccount.com` are service accounts, those with `members` groups, all others users.
   */
  readonly email: string;
  /**
   * E-mails of the principals that are in this group. They have its roles, and where the group is a database user they
   * may log in under their own names. Nobody can get a token of a group.
   * @default none: it is no group
   */
  readonly members?: readonly string[];
  /**
   * IAM roles on every instance. `cloudsql.client` opens the admin API of Cloud SQL to connectors,
   * `cloudsql.instanceUser` the IAM login. `alloydb.client` and `serviceusage.serviceUsageConsumer` together open the API
   * of AlloyDB to connectors, `alloydb.client` also its instances, `alloydb.databaseUser` the IAM login. To list instances
   * takes a viewer, to change users an admin. A project that is named as the one to be billed takes
   * `serviceusage.serviceUsageConsumer`.
   * @default all roles; none for a group
   */
  readonly roles?: readonly IamRole[];
  /**
   * E-mails of the principals that hold `roles/iam.serviceAccountTokenCreator` on this service account: they may act as
   * it. Service accounts only.
   * @default none
   */
  readonly tokenCreators?: readonly string[];
}

/** A database user that logs in with an IAM identity. */
export interface IamUserOptions {
  /**
   * E-mail of the principal. The database role is named after it, without `.gserviceaccount.com`; in MySQL the user is
   * named after what stands before the `@`, so that only one of two principals with the same name can have one.
   */
  readonly email: string;
  /**
   * Database roles granted to the user.
   * @default none, as at Google
   */
  readonly databaseRoles?: readonly string[];
}

/** A group that is a database user: each member may log in under its own name, and has the group's database roles. */
export interface GroupUserOptions {
  /** E-mail of the group. The database role is named after it; nobody can log in as it. Cloud SQL for PostgreSQL only. */
  readonly group: string;
  /**
   * Database roles granted to the group.
   * @default none, as at Google
   */
  readonly databaseRoles?: readonly string[];
}

/** A database user that logs in with a password. */
export interface BuiltInUserOptions {
  /** Name of the database role. `@` is kept for IAM users. */
  readonly name: string;
  /** Password, checked by the database itself: PostgreSQL with SCRAM-SHA-256, MySQL with its default method. */
  readonly password: string;
  /**
   * Database roles granted to the user. A member of `cloudsqlsuperuser` (in AlloyDB
   * `alloydbsuperuser`) may also create databases and roles.
   * @default ['cloudsqlsuperuser'] or ['alloydbsuperuser'], as at Google
   */
  readonly databaseRoles?: readonly string[];
}

/** A database user: `email` makes an IAM user, `group` one for a group, `name` and `password` a built-in one. */
export type UserOptions = IamUserOptions | GroupUserOptions | BuiltInUserOptions;

/** Addresses of an instance. */
export interface AddressOptions {
  /** Public address; `null` if the instance has none. @default a free one */
  readonly PRIMARY?: string | null;
  /** Private address; `null` if the instance has none. @default a free one */
  readonly PRIVATE?: string | null;
  /** Address of the PSC endpoint; for instances with `pscEnabled`. @default a free one, where there is one */
  readonly PSC?: string;
}

/** One instance of Cloud SQL or AlloyDB, with a database server of its own. */
export interface InstanceOptions {
  /**
   * Connection name, `project:region:instance`, or for AlloyDB the resource name,
   * `projects/P/locations/R/clusters/C/instances/I`.
   */
  readonly name: string;
  /**
   * Databases to create, owned by `cloudsqlsuperuser` or `alloydbsuperuser`. The database `postgres` always exists, in
   * MySQL `mysql`.
   * @default none
   */
  readonly databases?: readonly string[];
  /**
   * Database users to create.
   * @default none
   */
  readonly users?: readonly UserOptions[];
  /**
   * Addresses to listen on, loopback unless `exposeToNetwork` is set, always on port 3307 (AlloyDB: 5433).
   *
   * @default a free random address `127.x.y.z` for each type. Where only 127.0.0.1 exists (macOS), both types share it;
   * their connections are then all recorded as `PUBLIC`.
   */
  readonly addresses?: AddressOptions;
  /**
   * Whether the instance can be reached by Private Service Connect: it gets an endpoint of its own, and a DNS name that
   * leads there.
   * @default false
   */
  readonly pscEnabled?: boolean;
  /**
   * Who signs the certificate of the server. `GOOGLE_MANAGED_INTERNAL_CA`: an authority of the instance's own, for the
   * common name `project:instance`. `GOOGLE_MANAGED_CAS_CA`, `CUSTOMER_MANAGED_CAS_CA`: a subordinate authority below a
   * root, in a pool of the region or of the instance, for the DNS names of the instance. Cloud SQL only.
   * @default 'GOOGLE_MANAGED_INTERNAL_CA'
   */
  readonly serverCaMode?: ServerCaMode;
  /**
   * Further DNS names in the certificate of the server, as for instances that are reached by a name of the user's own.
   * @default none
   */
  readonly customSubjectAlternativeNames?: readonly string[];
  /**
   * Database engine, as in Cloud SQL. PostgreSQL 18 comes with the package; MySQL is the `mariadbd` or `mysqld` that is
   * installed on the machine, whatever version it is; SQL Server is one of your own, at `databaseUrl`. With a
   * `databaseUrl` of PostgreSQL or MySQL it is whatever runs there.
   * @default 'POSTGRES_18'
   */
  readonly databaseVersion?: DatabaseVersion;
  /**
   * Where the database is, if the emulator is not to start one of its own. For PostgreSQL and MySQL the URL of a superuser,
   * such as `postgresql://postgres:secret@127.0.0.1:5432` or `mysql://admin:secret@127.0.0.1:3306`; a Unix socket is the
   * parameter `host` or `socketPath`. Databases and users of the instance are made there unless they exist; users get
   * the password that is listed here, IAM users one that nobody is told. All of them stay at the end.
   *
   * For SQL Server `sqlserver://127.0.0.1:1433`, on a loopback address, or the path of a Unix socket. Its databases and
   * users are its own.
   *
   * Not together with `dataDir`, `importFrom` or `exportOnClose`.
   * @default none, and required for SQL Server
   */
  readonly databaseUrl?: string;
  /**
   * `'ECHO'`: there is no database. Clients are let in as ever, and each simple query is answered with itself. For tests
   * that want thousands of connections. PostgreSQL only.
   * @default 'DATABASE'
   */
  readonly backend?: 'DATABASE' | 'ECHO';
}

/** Options of `startEmulator`. Unknown keys are errors. */
export interface EmulatorOptions {
  /**
   * Instances that are there from the start.
   * @default none but those in the data folder
   */
  readonly instances?: readonly InstanceOptions[];
  /**
   * Whether instances of projects whose ids start with `demo-`, and databases in them, come into being when a client
   * first asks for them. Every principal is an IAM user of such an instance, with the rights of a superuser. Where it is
   * not so, an instance that is not listed does not exist.
   * @default true if `instances` is left out
   */
  readonly createOnFirstUse?: boolean;
  /**
   * Folder in which databases outlive the emulator, with the configuration that belongs to them. Used by one emulator at
   * a time. Instances that are in it need not be listed.
   * @default none: everything is removed at the end
   */
  readonly dataDir?: string;
  /**
   * Folder of an export to start from. It is read only. With `dataDir`, which must be empty then, that is filled from it.
   * @default none
   */
  readonly importFrom?: string;
  /**
   * Folder that data and configuration are copied to when the emulator is closed, in place of an older export.
   * @default none
   */
  readonly exportOnClose?: string;
  /**
   * Who exists.
   * @default those in the data folder, or one service account, `app@<project>.iam.gserviceaccount.com`, with all roles. The
   * project is that of the first instance, or `demo-project`.
   */
  readonly principals?: readonly PrincipalOptions[];
  /**
   * E-mail of the principal that clients are when they do not say who they are.
   * @default the first principal
   */
  readonly defaultPrincipal?: string;
  /**
   * Life of a client certificate in milliseconds. One with an IAM identity never outlives its token.
   * @default 3_600_000
   */
  readonly certificateLifetimeMs?: number;
  /**
   * Life of an access token in milliseconds.
   * @default 3_600_000
   */
  readonly tokenLifetimeMs?: number;
  /**
   * Port of the control plane.
   * @default 0, any free port
   */
  readonly port?: number;
  /**
   * Address that the control plane listens on. One that is not loopback needs `exposeToNetwork` as well.
   * @default '127.0.0.1'
   */
  readonly host?: string;
  /**
   * Lets `host` and the addresses of instances be other than loopback. Whoever reaches them can be anybody: the emulator
   * gives tokens to all who ask.
   * @default false
   */
  readonly exposeToNetwork?: boolean;
}
