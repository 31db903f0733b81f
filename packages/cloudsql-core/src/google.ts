import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { Connector as CoreConnector } from './connector.ts';
import { DeferredSocket } from './drivers/deferred-socket.ts';
import { DialError } from './errors.ts';
import { googleError } from './google/error-codes.ts';
import {
  AuthTypes,
  type ConnectionOptions,
  type ConnectorOptions,
  coreConnection,
  coreOptions,
  type SocketConnectionOptions,
} from './google/options.ts';
import { type Listener, listen } from './listener/index.ts';
import { noIamLogin } from './login.ts';
import { optionalString, refuseUnknown } from './options/check.ts';
import type { ConnectorOptions as CoreOptions } from './options/connector-options.ts';

export {
  AuthTypes,
  type ConnectionOptions,
  type ConnectorOptions,
  IpAddressTypes,
  type SocketConnectionOptions,
} from './google/options.ts';
export type { Listener } from './listener/index.ts';

/** What `getOptions` resolves with: options to spread over those of `pg`, `mysql2` or an ORM. */
export interface DriverOptions {
  /** Makes a socket that dials when the driver begins to use it. */
  readonly stream: () => Duplex & TLSSocket;
  /** Resolves nowhere: who ignores `stream` fails, instead of dialling something else in clear text. */
  readonly host: string;
  /** No service has it, for the same reason. */
  readonly port: number;
}

/** What `getTediousOptions` resolves with. */
export interface TediousDriverOptions {
  /** Dials, for tedious. */
  readonly connector: () => Promise<TLSSocket>;
  /** TLS is done by the connector. */
  readonly encrypt: false;
}

const bypass = { host: 'cloudsql-connector-bypassed.invalid', port: 1 } as const;

/**
 * Stands in for the `Connector` of `@google-cloud/cloud-sql-connector`: the same methods, options and, where one of
 * ours corresponds, error codes. Our own code is in `reason` of every error.
 *
 * @example
 * import { Connector } from '@x/cloudsql-core/google';
 *
 * const connector = new Connector();
 * const options = await connector.getOptions({ instanceConnectionName: 'my-project:europe-west1:orders', authType: 'IAM' });
 * const pool = new pg.Pool({ ...options, user: 'app@my-project.iam', database: 'orders' });
 */
export class Connector {
  readonly #options: CoreOptions;
  /** By `failoverPeriod`, which is an option of the connection here and one of the connector there. */
  readonly #cores: Map<number | undefined, CoreConnector> = new Map();
  #closed = false;
  readonly #listeners: Set<Listener> = new Set();

  /** @throws ConfigError */
  constructor(options: ConnectorOptions = {}) {
    this.#options = coreOptions(options);
    this.#core(undefined);
  }

  /**
   * Fetches metadata and certificate, and returns options for a driver. Each socket that these make uses what is valid
   * by then, or waits for it.
   * @throws ConfigError, RefreshError
   */
  async getOptions(options: ConnectionOptions): Promise<DriverOptions> {
    const { open, refused, toError } = await this.#prepare(options);
    const stream = (): DeferredSocket => new DeferredSocket({ dial: open, refused, toError });
    // Not a TLSSocket in truth, but all that drivers are known to call is there.
    return { ...bypass, stream: stream as unknown as DriverOptions['stream'] };
  }

  /**
   * Like {@link getOptions}, for `tedious` (SQL Server).
   * @throws ConfigError, RefreshError
   */
  async getTediousOptions(options: ConnectionOptions): Promise<TediousDriverOptions> {
    if (options.authType?.toUpperCase() === AuthTypes.IAM) {
      const refusal = noIamLogin("Set `authType: 'PASSWORD'`, and user and password in the driver's options.");
      throw Object.assign(googleError(refusal), { code: 'ENOIAM' });
    }
    const { open, toError } = await this.#prepare(options);
    const connector = (): Promise<TLSSocket> =>
      open().catch((error: unknown) => {
        throw toError(error);
      });
    return { connector, encrypt: false };
  }

  /**
   * Opens a Unix socket for clients of PostgreSQL or MySQL that only take a URL. It keeps the process alive until it is closed: by
   * its own `close`, or with the connector. Only this user of the machine can open it.
   * @throws ConfigError, RefreshError
   */
  async startLocalProxy({ listenOptions, ...options }: SocketConnectionOptions): Promise<Listener> {
    const { connection, core, toError } = await this.#prepare(options);
    try {
      refuseUnknown('`listenOptions`', listenOptions, ['path']);
      const path = optionalString('listenOptions.path', listenOptions.path);
      // User and password, where there is one, are what the client says.
      const authType = connection.authType === 'IAM' ? 'IAM' : 'PASSWORD';
      const place = path === undefined ? {} : { path };
      const isMysql = (await core.engineVersion(connection)).startsWith('MYSQL');
      const how = { ...place, ...(isMysql && { engine: 'MYSQL' }) };
      const listener = await listen({ ...connection, authType, connector: core, ...how });
      this.#listeners.add(listener.ref());
      return listener;
    } catch (error) {
      throw toError(error);
    }
  }

  /**
   * Stops all work for good; sockets that were handed out stay open, and are the driver's to close. There is no need to
   * wait for the promise, which never rejects.
   */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#cores.values(), ...this.#listeners].map((each) => each.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #core(failoverPeriodMs: number | undefined): CoreConnector {
    const known = this.#cores.get(failoverPeriodMs);
    if (known) return known;
    const made = new CoreConnector({ ...this.#options, ...(failoverPeriodMs !== undefined && { failoverPeriodMs }) });
    if (this.#closed) made.close().catch(() => {});
    this.#cores.set(failoverPeriodMs, made);
    return made;
  }

  async #prepare(options: ConnectionOptions): Promise<Prepared> {
    let toError = (error: unknown): Error => googleError(error);
    try {
      const connection = coreConnection(options);
      const core = this.#core(options.failoverPeriod);
      toError = (error) => googleError(error, connection.ipType);
      await core.warmup(connection);
      return {
        connection,
        core,
        toError,
        open: (signal) => core.connect({ ...connection, ...(signal ? { signal } : {}) }),
        refused: (cause) => {
          core.reportRefusal(connection);
          const what = `The server closed the connection at once${cause ? `: ${cause.message}` : ''}`;
          return new DialError('CLOUDSQL_SERVER_CLOSED', what, { instance: connection.instance, cause });
        },
      };
    } catch (error) {
      throw toError(error);
    }
  }
}

/** All that it takes to open sockets to one instance. */
interface Prepared {
  readonly connection: ReturnType<typeof coreConnection>;
  readonly core: CoreConnector;
  readonly open: (signal?: AbortSignal) => Promise<TLSSocket>;
  readonly refused: (cause?: Error) => Error;
  readonly toError: (error: unknown) => Error;
}
