import type { CallLog, CallRecord } from './call-log.ts';
import type { Environment } from './client-environment.ts';
import { googleEnvironment, metadataEnvironment } from './client-environment.ts';
import type { ClientFiles } from './client-files.ts';
import type { CredentialFileOptions, ExternalAccountOptions, ImpersonatedFileOptions } from './credential-content.ts';
import type { ConnectionLog, ConnectionRecord } from './data-plane/connection-log.ts';
import type { DataPlane } from './data-plane/data-plane.ts';
import type { Dns } from './dns/dns.ts';
import { EmulatorError } from './errors.ts';
import type { Faults } from './faults/faults.ts';
import type { Principals } from './iam/principals.ts';
import type { Instance } from './instance.ts';
import { type InstanceSummary, summaryOf } from './instance-summary.ts';
import { addUser, removeUser } from './instance-users.ts';
import type { Instances } from './instances.ts';
import type { Lifetime } from './lifetime.ts';
import { checkDuration } from './option-checks.ts';
import type { UserOptions } from './options.ts';
import type { Settings } from './settings.ts';
import type { Snapshot } from './snapshot.ts';
import { snapshotsOf, takeSnapshot } from './snapshot.ts';

/** Counters since the start or the last reset. */
export interface EmulatorStatistics {
  /**
   * Calls by method: `connectSettings`, `generateEphemeralCert`, `connectionInfo`, `generateClientCertificate`,
   * `resolveConnectSettings`, `getInstance`, `listInstances`, `emulator`, `token`, `tokeninfo`, `generateAccessToken`,
   * `subjectToken`, `metadata`, `connect`,
   * `unknown`. Refused calls count, too; a method that was never called is absent.
   */
  readonly calls: Readonly<Record<string, number>>;
  readonly connections: {
    /** Connections that are open now. */
    readonly open: number;
    /** Connections whose TLS handshake succeeded. */
    readonly total: number;
    /** Clients that did not get through the TLS handshake, by reason (`CERT_HAS_EXPIRED`, …). */
    readonly tlsFailures: Readonly<Record<string, number>>;
  };
}

interface EmulatorParts {
  readonly id: string;
  readonly host: string;
  readonly project: string;
  readonly settings: Settings;
  readonly calls: CallLog;
  readonly log: ConnectionLog;
  readonly files: ClientFiles;
  readonly lifetime: Lifetime;
  readonly principals: Principals;
  readonly instances: Instances;
  readonly dataPlane: DataPlane;
  readonly faults: Faults;
  readonly dns: Dns;
}

/** A running emulator, as `startEmulator` returns it. */
export class Emulator {
  readonly #parts: EmulatorParts;

  /** @internal Made by `startEmulator` only. */
  constructor(parts: EmulatorParts) {
    this.#parts = parts;
  }

  /** Says which emulator this is; no other has the same. */
  get id(): string {
    return this.#parts.id;
  }

  /** Address of the control plane, such as `127.0.0.1:port`. */
  get host(): string {
    return this.#parts.host;
  }

  /** URL of the control plane: base of the admin API, the token endpoint and the metadata server. */
  get url(): string {
    return `http://${this.host}`;
  }

  /** The same with TLS, under a certificate of the authority in {@link caFile}. */
  get httpsUrl(): string {
    return `https://${this.host}`;
  }

  /** E-mail of the default principal. */
  get defaultPrincipal(): string {
    return this.#parts.principals.defaultEmail;
  }

  /** The instances that there are now. */
  get instances(): readonly InstanceSummary[] {
    return this.#parts.instances.list().map(summaryOf);
  }

  /** Variables that send `@x/cloudsql-core` to this emulator, as the default principal. */
  get env(): Environment {
    return {
      CLOUDSQL_EMULATOR_HOST: this.host,
      ...(this.#parts.instances.mayHave('alloydb') ? { ALLOYDB_EMULATOR_HOST: this.host } : {}),
      CLOUDSQL_EMULATOR_PRINCIPAL: this.defaultPrincipal,
    };
  }

  /** Path of the certificate (PEM) of the authority behind captured `https` hosts. */
  get caFile(): string {
    return this.#parts.files.caFile;
  }

  /** Life of client certificates issued from now on, in milliseconds. */
  get certificateLifetimeMs(): number {
    return this.#parts.settings.certificateLifetimeMs;
  }

  set certificateLifetimeMs(value: number) {
    this.#parts.settings.certificateLifetimeMs = checkDuration(value, 'certificateLifetimeMs');
  }

  /** Life of access tokens issued from now on, in milliseconds. */
  get tokenLifetimeMs(): number {
    return this.#parts.settings.tokenLifetimeMs;
  }

  set tokenLifetimeMs(value: number) {
    this.#parts.settings.tokenLifetimeMs = checkDuration(value, 'tokenLifetimeMs');
  }

  /** The latest 10,000 connections whose TLS handshake succeeded, oldest first. Records change as connections do. */
  get connections(): readonly ConnectionRecord[] {
    return this.#parts.log.list();
  }

  /** The latest 10,000 calls of APIs, oldest first. */
  get calls(): readonly CallRecord[] {
    return this.#parts.calls.list();
  }

  /** DNS names, and the resolver that knows them. */
  get dns(): Dns {
    return this.#parts.dns;
  }

  /** Makes the emulator misbehave. */
  get faults(): Faults {
    return this.#parts.faults;
  }

  /**
   * Breaks open connections off with a TCP reset, as a network does with idle ones: those of an instance, or all.
   * Returns how many there were.
   * @throws EmulatorError `UNKNOWN_INSTANCE`
   */
  dropConnections(instanceName?: string): number {
    const { dataPlane } = this.#parts;
    return dataPlane.drop(instanceName === undefined ? undefined : this.#instance(instanceName));
  }

  /** Returns the counters. */
  statistics(): EmulatorStatistics {
    return { calls: this.#parts.calls.counts(), connections: this.#parts.log.counts() };
  }

  /** Sets all counters but that of open connections to zero. */
  resetStatistics(): void {
    this.#parts.calls.resetCounts();
    this.#parts.log.resetCounts();
    this.#parts.dns.resetQueries();
  }

  /**
   * Writes a credentials file of type `external_account` for a principal and returns its path. Unmodified Google
   * libraries take it as `GOOGLE_APPLICATION_CREDENTIALS`; it sends them to this emulator.
   * @throws EmulatorError `UNKNOWN_PRINCIPAL`, `INVALID_OPTION`
   */
  credentialsFile(email: string, options?: ExternalAccountOptions): string {
    return this.#parts.files.externalAccount(email, options);
  }

  /**
   * Writes a service account key file and returns its path. The first call for an account makes an RSA key, which takes
   * some 100 ms. Google's library for Node.js sends such credentials to googleapis.com whatever the file says, so to
   * that it is of use only when captured.
   * @throws EmulatorError `UNKNOWN_PRINCIPAL`, also for users, who have no keys; `INVALID_OPTION`
   */
  serviceAccountFile(email: string, options?: CredentialFileOptions): string {
    return this.#parts.files.serviceAccount(email, options);
  }

  /**
   * Writes a credentials file of type `authorized_user`, as `gcloud auth application-default login` does, and returns
   * its path. Google's libraries send it to googleapis.com whatever the file says.
   * @throws EmulatorError `UNKNOWN_PRINCIPAL`, `INVALID_OPTION`
   */
  authorizedUserFile(email: string, options?: CredentialFileOptions): string {
    return this.#parts.files.authorizedUser(email, options);
  }

  /**
   * Writes a credentials file of type `impersonated_service_account`, by which a principal acts as a service account,
   * and returns its path. Google's libraries send it to googleapis.com whatever the file says.
   * @throws EmulatorError `UNKNOWN_PRINCIPAL`, `INVALID_OPTION`
   */
  impersonatedFile(email: string, options: ImpersonatedFileOptions): string {
    return this.#parts.files.impersonated(email, options);
  }

  /**
   * Returns variables that make unmodified Google clients be a principal. With `intercept` their `https` requests to
   * googleapis.com are captured as well, and those to other hosts refused.
   * @throws EmulatorError `UNKNOWN_PRINCIPAL`
   */
  googleEnv(email: string, options: { readonly intercept?: boolean } = {}): Environment {
    const { files, project } = this.#parts;
    return googleEnvironment(files, this.host, project, email, options.intercept ?? false);
  }

  /**
   * Makes the metadata server speak for a principal and returns variables that leave it as the only source of
   * credentials. There is one metadata server: the latest call wins.
   * @throws EmulatorError `UNKNOWN_PRINCIPAL`
   */
  metadataEnv(email: string): Environment {
    const { principals, settings, files, project } = this.#parts;
    const known = principals.find(email);
    if (known === undefined) throw new EmulatorError('UNKNOWN_PRINCIPAL', `The emulator has no principal '${email}'.`);
    settings.metadataPrincipal = known;
    return metadataEnvironment(files, this.host, project);
  }

  /** Creates a database user. @throws EmulatorError `INVALID_OPTION`, `UNKNOWN_INSTANCE`, `DATABASE_STATEMENT_FAILED` or `CLOSED` */
  async createUser(instanceName: string, user: UserOptions): Promise<void> {
    await addUser(this.#instance(instanceName), user);
  }

  /**
   * Drops a database user, given by name or e-mail. As in Cloud SQL, a user that still owns something cannot be dropped.
   * @throws EmulatorError `UNKNOWN_INSTANCE`, `UNKNOWN_USER`, `DATABASE_STATEMENT_FAILED` or `CLOSED`
   */
  async deleteUser(instanceName: string, nameOrEmail: string): Promise<void> {
    const instance = this.#instance(instanceName);
    const name = nameOrEmail.includes('@') ? instance.rules.userName(nameOrEmail.toLowerCase()) : nameOrEmail;
    const found = instance.users.find(name);
    if (!found) {
      throw new EmulatorError('UNKNOWN_USER', `The instance ${instanceName} has no database user '${name}'.`);
    }
    await removeUser(instance, found);
  }

  /**
   * Keeps the state of a database, to be restored after each test: PostgreSQL copies its files, which takes some tens of
   * milliseconds for a small one. Sessions of the database end (`57P01`); pools connect anew. Roles are not part of it.
   * @param database - Default: the only one that was created in the instance.
   * @throws EmulatorError `NO_SNAPSHOTS` where the engine has none, `INVALID_OPTION`, `UNKNOWN_INSTANCE`,
   * `DATABASE_STATEMENT_FAILED` or `CLOSED`
   */
  async snapshot(instanceName: string, database?: string): Promise<Snapshot> {
    const instance = this.#instance(instanceName);
    return { instance: instanceName, ...(await takeSnapshot(instance, database)) };
  }

  /**
   * Gives a database the state that it had at a snapshot, as often as you like. Sessions of the database end (`57P01`).
   * @throws EmulatorError `UNKNOWN_INSTANCE`, `DATABASE_STATEMENT_FAILED` or `CLOSED`
   */
  async restore({ instance, database, id }: Snapshot): Promise<void> {
    await snapshotsOf(this.#instance(instance)).restore(id, database);
  }

  /**
   * Returns a URL that reaches the database itself as superuser, past TLS and IAM, over its private Unix socket. For
   * tests that prepare or inspect data; `pg` and libpq understand it, that of MySQL `mysql2` and `mariadb`. It is a
   * secret there. Without `database` it names the one that always exists, `postgres` or `mysql`.
   * @throws EmulatorError `UNKNOWN_INSTANCE` or `CLOSED`
   */
  databaseUrl(instanceName: string, database?: string): string {
    return this.#instance(instanceName).database.url(database);
  }

  /**
   * Stops everything and removes all files. Open sessions are told that the server shuts down and have five seconds to
   * end. Calling it again waits for the first call.
   */
  async close(): Promise<void> {
    await this.#parts.lifetime.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #instance(name: string): Instance {
    if (this.#parts.lifetime.closed) throw new EmulatorError('CLOSED', 'The emulator is closed.');
    return this.#parts.instances.get(name);
  }
}
