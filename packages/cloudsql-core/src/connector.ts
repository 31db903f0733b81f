import type { TLSSocket } from 'node:tls';
import type { AccessToken, CredentialsExplanation } from './credentials/credentials.ts';
import { databaseUserName, type Engine } from './credentials/database-user.ts';
import { type Deadline, deadline, waitOrAbort } from './deadline.ts';
import { ConfigError, cloudSqlError } from './errors.ts';
import { parseInstance } from './instance/instance.ts';
import { refuseUnknown } from './options/check.ts';
import type { ConnectOptions, LoginTarget, WarmupOptions } from './options/connect-options.ts';
import {
  type ConnectionOptions,
  connectionOptionNames,
  type ResolvedConnection,
  resolveConnection,
} from './options/connection-options.ts';
import {
  type ConnectorOptions,
  type ResolvedConnectorOptions,
  resolveConnectorOptions,
} from './options/connector-options.ts';
import { chooseAddress } from './service/choose-address.ts';
import type { ConnectionInfo } from './service/connection-info.ts';
import type { ControlPlane } from './service/control-plane.ts';
import { closedError, type InstanceStatus, Instances } from './service/instances.ts';
import { openSocket, type Progress } from './service/open-socket.ts';
import { publish } from './telemetry.ts';

/** What `diagnostics.ts` may ask of a connector; not part of the package's surface. */
export interface ConnectorInternals {
  /** Google's side of the service that the instance is of. */
  plane(instance: string | undefined): ControlPlane;
  /** What is known of an instance, fetched if need be. */
  know(options: WarmupOptions): Promise<{ readonly info: ConnectionInfo }>;
}

/** Opens a connector for `diagnostics.ts`. */
export let internalsOf: (connector: Connector) => ConnectorInternals;

/**
 * Holds credentials and what is known of instances, and opens authenticated TLS sockets to them. Constructing one
 * does no I/O; the first connection does the work, and later ones share it.
 *
 * @example
 * const connector = new Connector();
 * const socket = await connector.connect({ instance: 'my-project:europe-west1:orders' });
 */
export class Connector {
  readonly #options: ResolvedConnectorOptions;
  readonly #instances: Instances;
  readonly #dials: Set<Deadline> = new Set();

  static {
    internalsOf = (connector) => ({
      plane: (instance) => connector.#planeOf(instance),
      know: (options) => connector.#know(options),
    });
  }

  /** @throws ConfigError for unknown, invalid or contradicting options */
  constructor(options: ConnectorOptions = {}) {
    this.#options = resolveConnectorOptions(options);
    this.#instances = new Instances(this.#options);
  }

  /** How long one dial may take unless it says otherwise, in milliseconds. */
  get dialTimeoutMs(): number {
    return this.#options.dialTimeoutMs;
  }

  /**
   * Opens a TLS socket to the instance, ready for the first byte of the database protocol. The caller owns it.
   * @throws ConfigError, RefreshError, DialError
   */
  async connect({ engine, signal, timeoutMs = this.dialTimeoutMs, ...options }: ConnectOptions): Promise<TLSSocket> {
    const connection = this.#resolve(options);
    const instance = connection.instance.id;
    const started = performance.now();
    const progress: Progress = { waitingFor: 'a certificate' };
    const late = (): Error =>
      cloudSqlError('CLOUDSQL_DIAL_TIMEOUT', `Waited ${timeoutMs} ms for ${progress.waitingFor}`, { instance });
    const limit = deadline(timeoutMs, late, signal);
    this.#dials.add(limit);
    const report = (outcome: { socket: TLSSocket } | { error: Error }): void => {
      const { waitingFor: _, ...reached } = progress;
      publish('dial', { instance, ...reached, durationMs: performance.now() - started, ...outcome });
    };
    try {
      const socket = await openSocket(this.#instances, { connection, engine, progress, signal: limit.signal });
      report({ socket });
      return socket;
    } catch (cause) {
      const error = signal?.aborted
        ? cloudSqlError('CLOUDSQL_DIAL_ABORTED', 'The dial was given up', { instance, cause })
        : (cause as Error);
      report({ error });
      throw error;
    } finally {
      this.#dials.delete(limit);
      limit.clear();
    }
  }

  /**
   * Tells that the server hung up on a connection before it sent anything: with TLS 1.3 that is how it refuses a client
   * certificate. A new one is fetched soon; the one in hand stays in use meanwhile, for it may have been something else.
   */
  reportRefusal(options: ConnectionOptions): void {
    if (this.#instances.closed) return;
    const { info } = this.#instances.of(this.#resolve(options));
    const current = info.peek();
    if (current) info.suspect(current);
  }

  /**
   * Fetches metadata and certificate ahead of the first connection, waits for them, and checks that the instance has
   * an address to dial.
   * @throws ConfigError, RefreshError
   */
  async warmup(options: WarmupOptions): Promise<void> {
    const { info, connection, suspect } = await this.#know(options);
    chooseAddress(info, connection, suspect);
  }

  /**
   * The engine and version of the instance, as Google spells it, for example `POSTGRES_17`; for AlloyDB `POSTGRES`.
   * @throws ConfigError, RefreshError
   */
  async engineVersion(options: WarmupOptions): Promise<string> {
    return (await this.#know(options)).info.databaseVersion;
  }

  /**
   * The IAM database user that the credentials stand for, under impersonation its target.
   * @throws ConfigError `CLOUDSQL_UNKNOWN_DATABASE_USER` where the credentials have no e-mail address, or do not tell it
   * @throws ConfigError, RefreshError for credentials that do not work
   */
  async databaseUser({ engine, instance, signal }: { readonly engine: Engine } & LoginTarget): Promise<string> {
    const pending = this.#planeOf(instance).email();
    const email = await (signal ? waitOrAbort(pending, signal) : pending);
    if (email) return databaseUserName(email, engine);
    throw new ConfigError('CLOUDSQL_UNKNOWN_DATABASE_USER', 'The credentials do not name a principal');
  }

  /**
   * A token to send as the password of an IAM database user. It opens databases of one service and nothing else, unless
   * {@link explainCredentials} says otherwise.
   * @throws ConfigError, RefreshError
   */
  async loginToken({ instance, signal }: LoginTarget = {}): Promise<AccessToken> {
    const token = this.#planeOf(instance).credentials.loginToken();
    const { token: text, expiresAt } = await (signal ? waitOrAbort(token, signal) : token);
    return { token: text, expiresAt };
  }

  /**
   * Says which credentials are in use and why, whom they stand for, and what the tokens may do that the service of the
   * instance gets. It gets both tokens to find out. Holds no secret.
   * @throws ConfigError, RefreshError
   */
  async explainCredentials({ instance, signal }: LoginTarget = {}): Promise<CredentialsExplanation> {
    const explanation = this.#planeOf(instance).credentials.explain();
    return signal ? waitOrAbort(explanation, signal) : explanation;
  }

  /** Reports an error of an idle pooled connection, which would otherwise have no listener and end the process. */
  reportPoolError(error: Error): void {
    publish('pool-error', { error });
    this.#options.logger?.warn(`An idle database connection was lost: ${error.message}`);
  }

  /** What is known of each instance, for health checks. Starts nothing. */
  status(): InstanceStatus[] {
    return this.#instances.status();
  }

  /**
   * Stops all work for good: pending dials are rejected, timers and connections to the APIs end. Sockets that were
   * handed out belong to their callers and stay open. Idempotent.
   */
  async close(): Promise<void> {
    if (this.#instances.closed) return;
    const reason = closedError();
    for (const dial of this.#dials) dial.abort(reason);
    await this.#instances.close(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #know({ signal, timeoutMs = this.dialTimeoutMs, ...options }: WarmupOptions): Promise<{
    info: ConnectionInfo;
    connection: ResolvedConnection;
    suspect: () => void;
  }> {
    const connection = this.#resolve(options);
    const instance = connection.instance.id;
    const cache = this.#instances.of(connection);
    const late = (): Error => cloudSqlError('CLOUDSQL_REFRESH_TIMEOUT', `Waited ${timeoutMs} ms`, { instance });
    const limit = deadline(timeoutMs, late, signal);
    this.#dials.add(limit);
    try {
      const info = await waitOrAbort(cache.info.get(), limit.signal);
      return { info, connection, suspect: () => cache.info.suspect(info) };
    } finally {
      this.#dials.delete(limit);
      limit.clear();
    }
  }

  #resolve(options: ConnectionOptions): ResolvedConnection {
    refuseUnknown('`connect`', options, connectionOptionNames);
    return resolveConnection(options);
  }

  #planeOf(instance: string | undefined): ControlPlane {
    return this.#instances.plane(instance === undefined ? 'cloud-sql' : parseInstance(instance).service);
  }
}
