import type { TLSSocket } from 'node:tls';
import type { AccessToken, CredentialsExplanation } from './credentials/credentials.ts';
import { databaseUserName, type Engine } from './credentials/database-user.ts';
import { type Deadline, deadline, held, waitOrAbort } from './deadline.ts';
import { ConfigError, cloudSqlError } from './errors.ts';
import { Names } from './failover/names.ts';
import type { NameStatus } from './failover/watched-name.ts';
import { type Instance, parseName } from './instance/instance.ts';
import { optionalMilliseconds, refuseUnknown } from './options/check.ts';
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
  plane(instance: string | undefined, signal?: AbortSignal): Promise<ControlPlane>;
  /** The instance that a name stands for. */
  instance(name: string, signal: AbortSignal): Promise<Instance>;
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
  readonly #names: Names;
  readonly #dials: Set<Deadline> = new Set();

  static {
    internalsOf = (connector) => ({
      plane: (instance, signal) => held(connector.#planeOf(instance, signal)),
      instance: (name, signal) => held(connector.#names.get({ name: parseName(name), signal })),
      know: (options) => connector.#know(options),
    });
  }

  /** @throws ConfigError for unknown, invalid or contradicting options */
  constructor(options: ConnectorOptions = {}) {
    this.#options = resolveConnectorOptions(options);
    this.#instances = new Instances(this.#options);
    this.#names = new Names(this.#options, this.#instances);
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
    const connection = this.#resolve(options, timeoutMs);
    const { instance: name, authType } = connection;
    const instance = name.id;
    const started = performance.now();
    const progress: Progress = { waitingFor: name.service ? 'a certificate' : 'DNS' };
    const late = (): Error =>
      cloudSqlError('CLOUDSQL_DIAL_TIMEOUT', `Waited ${timeoutMs} ms for ${progress.waitingFor}`, { instance });
    const report = (outcome: { socket: TLSSocket } | { error: Error }): void => {
      const { waitingFor: _, ...reached } = progress;
      const domain = name.service ? {} : { domain: name.id };
      publish('dial', { instance, ...reached, ...domain, durationMs: performance.now() - started, ...outcome });
    };
    try {
      const socket = await this.#within(deadline(timeoutMs, late, signal), (limit) => {
        const { resolver, dial } = this.#options;
        const request = { connection, engine, progress, signal: limit, resolver, dial };
        return this.#names.dial({ name, authType, signal: limit }, (instance, domain) => {
          Object.assign(progress, { instance: instance.id, waitingFor: 'a certificate' });
          return openSocket(this.#instances, { ...request, instance, domain });
        });
      });
      report({ socket });
      return socket;
    } catch (cause) {
      const error = signal?.aborted
        ? cloudSqlError('CLOUDSQL_DIAL_ABORTED', 'The dial was given up', { instance, cause })
        : (cause as Error);
      report({ error });
      throw error;
    }
  }

  /**
   * Tells that the server hung up on a connection before it sent anything: with TLS 1.3 that is how it refuses a client
   * certificate. A new one is fetched soon; the one in hand stays in use meanwhile, for it may have been something else.
   */
  reportRefusal(options: ConnectionOptions): void {
    if (this.#instances.closed) return;
    const { instance: name, authType } = this.#resolve(options);
    const instance = this.#names.peek(name);
    const info = instance && this.#instances.of({ instance, authType }).info;
    const current = info?.peek();
    if (current) info?.suspect(current);
  }

  /**
   * Fetches metadata and certificate ahead of the first connection, waits for them, and checks that the instance has
   * an address to dial.
   * @throws ConfigError, RefreshError
   */
  async warmup(options: WarmupOptions): Promise<void> {
    const { info, instance, connection, suspect } = await this.#know(options);
    chooseAddress(info, instance, connection, suspect);
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
    const email = await this.#ask({ instance, signal }, (plane) => plane.email());
    if (email) return databaseUserName(email, engine);
    throw new ConfigError('CLOUDSQL_UNKNOWN_DATABASE_USER', 'The credentials do not name a principal');
  }

  /**
   * A token to send as the password of an IAM database user. It opens databases of one service and nothing else, unless
   * {@link explainCredentials} says otherwise.
   * @throws ConfigError, RefreshError
   */
  async loginToken({ instance, signal }: LoginTarget = {}): Promise<AccessToken> {
    const { token, expiresAt } = await this.#ask({ instance, signal }, ({ credentials }) => credentials.loginToken());
    return { token, expiresAt };
  }

  /**
   * Says which credentials are in use and why, whom they stand for, and what the tokens may do that the service of the
   * instance gets. It gets both tokens to find out. Holds no secret.
   * @throws ConfigError, RefreshError
   */
  async explainCredentials({ instance, signal }: LoginTarget = {}): Promise<CredentialsExplanation> {
    return this.#ask({ instance, signal }, ({ credentials }) => credentials.explain());
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

  /** Where each DNS name leads that was asked for, for health checks. Starts nothing. */
  names(): NameStatus[] {
    return this.#names.status();
  }

  /**
   * Stops all work for good: pending dials are rejected, timers and connections to the APIs end. Sockets that were
   * handed out belong to their callers and stay open. Idempotent.
   */
  async close(): Promise<void> {
    if (this.#instances.closed) return;
    const reason = closedError();
    for (const dial of this.#dials) dial.abort(reason);
    this.#names.close(reason);
    await this.#instances.close(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #know({ signal, timeoutMs = this.dialTimeoutMs, ...options }: WarmupOptions): Promise<{
    info: ConnectionInfo;
    instance: Instance;
    connection: ResolvedConnection;
    suspect: () => void;
  }> {
    const connection = this.#resolve(options, timeoutMs);
    const { instance: name, authType } = connection;
    const late = (): Error =>
      cloudSqlError('CLOUDSQL_REFRESH_TIMEOUT', `Waited ${timeoutMs} ms`, { instance: name.id });
    return this.#within(deadline(timeoutMs, late, signal), async (limit) => {
      const instance = await this.#names.get({ name, authType, signal: limit });
      const cache = this.#instances.of({ instance, authType });
      const info = await waitOrAbort(cache.info.get(), limit);
      return { info, instance, connection, suspect: () => cache.info.suspect(info) };
    });
  }

  /** Does something within its time, and no longer than the connector is open. */
  async #within<T>(limit: Deadline, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#dials.add(limit);
    try {
      return await held(work(limit.signal));
    } finally {
      this.#dials.delete(limit);
      limit.clear();
    }
  }

  #resolve(options: ConnectionOptions, timeoutMs?: number): ResolvedConnection {
    optionalMilliseconds('timeoutMs', timeoutMs, 1);
    refuseUnknown('`connect`', options, connectionOptionNames);
    return resolveConnection(options);
  }

  #ask<T>({ instance, signal }: LoginTarget, question: (plane: ControlPlane) => Promise<T>): Promise<T> {
    return held(this.#planeOf(instance, signal).then((plane) => waitOrAbort(question(plane), signal)));
  }

  async #planeOf(given: string | undefined, signal?: AbortSignal): Promise<ControlPlane> {
    if (given === undefined) return this.#instances.plane('cloud-sql');
    const { service } = await this.#names.get({ name: parseName(given), signal });
    return this.#instances.plane(service);
  }
}
