/** A database engine and its version, as Cloud SQL names them. */
export type DatabaseVersion = 'POSTGRES_18' | 'MYSQL_5_7' | 'MYSQL_8_0' | 'MYSQL_8_4';

/** A predefined IAM role, without the `roles/` prefix. */
export type IamRole =
  | 'cloudsql.client'
  | 'cloudsql.instanceUser'
  | 'alloydb.client'
  | 'alloydb.databaseUser'
  | 'serviceusage.serviceUsageConsumer';

/** Someone who can get access tokens. */
export interface PrincipalOptions {
  /** E-mail. Names that end in `.gserviceaccount.com` are service accounts, all others are users. */
  readonly email: string;
  /**
   * IAM roles on every instance. `cloudsql.client` opens the admin API of Cloud SQL, `cloudsql.instanceUser` the IAM
   * login. `alloydb.client` and `serviceusage.serviceUsageConsumer` together open the API of AlloyDB, `alloydb.client`
   * also its instances, `alloydb.databaseUser` the IAM login.
   * @default all roles
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

/** A database user: `email` makes an IAM user, `name` and `password` a built-in one. */
export type UserOptions = IamUserOptions | BuiltInUserOptions;

/** Addresses of an instance. */
export interface AddressOptions {
  /** Public address; `null` if the instance has none. @default a free one */
  readonly PRIMARY?: string | null;
  /** Private address; `null` if the instance has none. @default a free one */
  readonly PRIVATE?: string | null;
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
   * Loopback addresses to listen on, always on port 3307 (AlloyDB: 5433).
   *
   * @default a free random address `127.x.y.z` for each type. Where only 127.0.0.1 exists (macOS), both types share it;
   * their connections are then all recorded as `PUBLIC`.
   */
  readonly addresses?: AddressOptions;
  /**
   * Database engine, as in Cloud SQL. PostgreSQL 18 comes with the package; MySQL is the `mariadbd` or `mysqld` that is
   * installed on the machine, whatever version it is.
   * @default 'POSTGRES_18'
   */
  readonly databaseVersion?: DatabaseVersion;
}

/** Options of `startEmulator`. Unknown keys are errors. */
export interface EmulatorOptions {
  /** At least one instance. */
  readonly instances: readonly InstanceOptions[];
  /**
   * Who exists.
   * @default one service account, `app@<project of the first instance>.iam.gserviceaccount.com`, with all roles
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
   * Port of the control plane on 127.0.0.1.
   * @default 0, any free port
   */
  readonly port?: number;
}
