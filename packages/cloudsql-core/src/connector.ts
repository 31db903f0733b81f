import type { TLSSocket } from 'node:tls';
import type { AccessToken, CredentialsExplanation } from './credentials/credentials.ts';
import { databaseUserName, type Engine } from './credentials/database-user.ts';
import { emulatorHost, emulatorVariables } from './credentials/emulator.ts';
import { createCredentials } from './credentials/sources.ts';
import { type Deadline, deadline, waitOrAbort } from './deadline.ts';
import { dial } from './dial/dial.ts';
import { type CloudSqlError, ConfigError, cloudSqlError, DialError } from './errors.ts';
import { parseInstance, type ServiceName } from './instance/instance.ts';
import { refuseUnknown } from './options/check.ts';
import {
  type ConnectionOptions,
  connectionOptionNames,
  type IpType,
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
import { type ControlPlane, controlPlane } from './service/control-plane.ts';
import { InstanceCache } from './service/instance-cache.ts';
import { services } from './service/services.ts';
import { publish } from './telemetry.ts';

/** Options of one {@link Connector.connect}. */
export interface ConnectOptions extends ConnectionOptions {
  /** The engine that the caller will speak to; another one is an error. @default not checked */
  readonly engine?: Engine;
  /** Gives the dial up. */
  readonly signal?: AbortSignal;
  /** Overrides the connector's `dialTimeoutMs` for this dial, in milliseconds. */
  readonly timeoutMs?: number;
}

/** Options of {@link Connector.warmup} and {@link Connector.engineVersion}. */
export interface WarmupOptions extends ConnectionOptions {
  /** Gives the wait up; what is under way goes on for others. */
  readonly signal?: AbortSignal;
  /** Overrides the connector's `dialTimeoutMs` for this wait, in milliseconds. */
  readonly timeoutMs?: number;
}

/** What {@link Connector.status} says of one instance. */
export interface InstanceStatus {
  readonly instance: string;
  /** Whether its certificates carry an IAM identity; those of AlloyDB never do. */
  readonly iam: boolean;
  /** When the certificate in hand expires; undefined where there is no valid one. */
  readonly expiresAt: Date | undefined;
  /** The last failed refresh, until one succeeds. */
  readonly error: Error | undefined;
}

/** What somebody is about to log in to. */
export interface LoginTarget {
  /** An instance name: each service has its own scope of login tokens. @default any Cloud SQL instance */
  readonly instance?: string;
  /** Gives the wait up; what is under way goes on for others. */
  readonly signal?: AbortSignal;
}

/** What `diagnostics.ts` may ask of a connector; not part of the package's surface. */
export let internalsOf: (connector: Connector) => ConnectorInternals;

/** {@link internalsOf} */
export interface ConnectorInternals {
  /** Google's side of the service that the instance is of. */
  plane(instance: string | undefined): ControlPlane;
  /** What is known of an instance, fetched if need be. */
  know(options: WarmupOptions): Promise<{ readonly info: ConnectionInfo }>;
}

/** How far one dial has come. */
interface Progress {
  waitingFor: string;
  ipType?: IpType;
  address?: string;
}

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
  readonly #instances: Map<string, InstanceCache> = new Map();
  readonly #dials: Set<Deadline> = new Set();
  #closed = false;
  readonly #controlPlanes: Map<ServiceName, ControlPlane> = new Map();

  static {
    internalsOf = (connector) => ({
      plane: (instance) => connector.#planeOf(instance),
      know: (options) => connector.#know(options),
    });
  }

  /** @throws ConfigError for unknown, invalid or contradicting options */
  constructor(options: ConnectorOptions = {}) {
    this.#options = resolveConnectorOptions(options);
    // Both only check here; what they find is asked for again at the first use.
    for (const { name, scopes } of Object.values(services)) {
      createCredentials(this.#options, scopes);
      emulatorHost(name, this.#options);
    }
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
      const socket = await this.#dial(connection, engine, progress, limit.signal);
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
    if (this.#closed) return;
    const { info } = this.#instance(this.#resolve(options));
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
    return [...this.#instances.values()].map(({ instance, iam, info, error }) => {
      const expiresAt = info.peek()?.expiresAt;
      return {
        instance: instance.id,
        iam,
        expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt),
        error,
      };
    });
  }

  /**
   * Stops all work for good: pending dials are rejected, timers and connections to the APIs end. Sockets that were
   * handed out belong to their callers and stay open. Idempotent.
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const reason = closedError();
    for (const dial of this.#dials) dial.abort(reason);
    for (const { info } of this.#instances.values()) info.close(reason);
    publish('close', { instances: [...this.#instances.values()].map(({ instance }) => instance.id) });
    this.#instances.clear();
    await Promise.all([...this.#controlPlanes.values()].map((plane) => plane.close(reason)));
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
    const cache = this.#instance(connection);
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

  async #dial(
    connection: ResolvedConnection,
    engine: Engine | undefined,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<TLSSocket> {
    const { instance } = connection;
    const service = services[instance.service];
    const cache = this.#instance(connection);
    const { credentials, userAgent } = this.#plane(instance.service);
    const ready = service.prelude?.({ credentials, userAgent, iam: connection.authType === 'IAM' });
    const [info, prelude] = await waitOrAbort(Promise.all([cache.info.get(), ready]), signal);
    if (engine && !info.databaseVersion.startsWith(engine)) {
      const what = `The driver speaks ${engine}, the instance runs ${info.databaseVersion || 'an unknown engine'}`;
      throw new ConfigError('CLOUDSQL_ENGINE_MISMATCH', what, { instance: instance.id });
    }
    const [ipType, host] = chooseAddress(info, connection, () => cache.info.suspect(info));
    const { port } = service;
    Object.assign(progress, { ipType, address: host, waitingFor: `${host}:${port} to answer` });
    const { secureContext } = info;
    const target = {
      instance: instance.id,
      host,
      port,
      secureContext,
      identity: service.identity(instance, info, host),
    };
    try {
      const socket = await dial(target, signal);
      // A TLS 1.3 server judges the client's certificate after the handshake: its alert arrives later, as an error.
      socket.on('error', (error: Error & { code?: string }) => {
        if (error.code?.startsWith('ERR_SSL_')) cache.info.suspect(info);
      });
      if (prelude) {
        progress.waitingFor = `the metadata exchange with ${host}:${port}`;
        await prelude(socket, target, signal);
      }
      return socket;
    } catch (error) {
      // A refusal in so many words is about the principal, and a new certificate would not change it.
      const refused = error instanceof DialError && error.code === 'CLOUDSQL_EXCHANGE_REFUSED';
      if (!signal.aborted && !refused) cache.info.suspect(info);
      throw error;
    }
  }

  #instance({ instance, authType }: ResolvedConnection): InstanceCache {
    const service = services[instance.service];
    const plane = this.#plane(service.name);
    const iam = service.identityInCertificate && authType === 'IAM';
    const key = `${instance.id} ${iam}`;
    const known = this.#instances.get(key);
    if (known) return known;
    if (instance.project.startsWith('demo-') && !plane.emulated) {
      throw new ConfigError('CLOUDSQL_EMULATOR_REQUIRED', `${emulatorVariables[service.name]} is not set`, {
        instance: instance.id,
      });
    }
    const made = new InstanceCache(service, plane, instance, iam);
    this.#instances.set(key, made);
    return made;
  }

  #planeOf(instance: string | undefined): ControlPlane {
    return this.#plane(instance === undefined ? 'cloud-sql' : parseInstance(instance).service);
  }

  #plane(name: ServiceName): ControlPlane {
    if (this.#closed) throw closedError();
    const plane = this.#controlPlanes.get(name) ?? controlPlane(this.#options, services[name]);
    this.#controlPlanes.set(name, plane);
    return plane;
  }
}

function closedError(): CloudSqlError {
  return new ConfigError('CLOUDSQL_CONNECTOR_CLOSED', 'The connector is closed');
}
