import { rmSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Connector } from '@x/cloudsql-core';
import { SessionLimit } from '@x/cloudsql-core/listener';
import type { CliContext } from '../../cli/context.ts';
import type { InstanceConfig, ProxyConfig } from '../config/proxy-config.ts';
import { Health } from './health.ts';
import { adminRoutes, healthRoutes } from './http-routes.ts';
import { HttpServer } from './http-server.ts';
import { localSecret } from './local-secret.ts';
import { errorFields, type Log } from './log.ts';
import { openMetrics } from './metrics.ts';
import { openTelemetry } from './open-telemetry.ts';
import { dialOptions, type KnownInstance, lookUp, Ports, type ServedInstance, serve } from './serve-instance.ts';
import { logSessions } from './session-log.ts';
import { testConnection } from './test-connection.ts';

/** Where something listens, for programs. */
export type Addresses = readonly { readonly instance?: string; readonly server?: string; readonly address: string }[];

/** An instance cannot be served; the log says why, which is the cause. */
export class NotServed extends Error {
  constructor(instance: string, cause: unknown) {
    super(`${instance} cannot be served`, { cause });
  }
}

/** The parts of a running proxy, and the order in which they come and go. */
export class LocalProxy {
  readonly #config: ProxyConfig;
  readonly #env: CliContext['env'];
  readonly #log: Log;
  readonly #onQuit: () => void;
  readonly #connector: Connector;
  readonly #limit: SessionLimit | undefined;
  readonly #health: Health;
  readonly #ownAddresses: Set<string> = new Set();
  readonly #closers: (() => unknown)[] = [];
  readonly #servers: { readonly server: string; readonly address: string }[] = [];
  readonly #served: ServedInstance[] = [];
  #closed = false;

  /** @throws ConfigError for options of the connector that cannot be used */
  constructor(config: ProxyConfig, env: CliContext['env'], log: Log, onQuit: () => void) {
    this.#config = config;
    this.#env = env;
    this.#log = log;
    this.#onQuit = onQuit;
    const logger = { warn: (message: string) => log.warn(message), debug: (message: string) => log.debug(message) };
    this.#connector = new Connector({ ...config.connector, logger });
    this.#limit = config.maxConnections > 0 ? new SessionLimit(config.maxConnections) : undefined;
    this.#health = new Health(this.#connector, this.#limit);
    this.#closers.push(() => this.#connector.close(), this.#health.close, logSessions(log, this.#ownAddresses));
  }

  /** Everything that listens. */
  get addresses(): Addresses {
    const instances = this.#served.map(({ config, listener }) => ({
      instance: config.instance.id,
      address: listener.address,
    }));
    return [...instances, ...this.#servers];
  }

  /**
   * Opens everything, in the order in which it can fail: the HTTP servers, so that probes see the start; the instances,
   * which are looked up, and connected to if that is wanted; their listeners.
   * @throws the first thing that does not work
   */
  async start(): Promise<void> {
    const { guard, instances } = this.#config;
    for (const name of this.#config.exposed) {
      const remedy = `Set CSQL_PROXY_${name.toUpperCase().replaceAll('-', '_')} instead.`;
      this.#log.warn(`Every user of this machine can read the value of --${name}.`, { remedy });
    }
    await this.#openServers();
    const secret = typeof guard === 'object' ? localSecret(guard.secretFile, this.#log) : undefined;
    const known = await allOrFirstFailure(instances.map((each) => this.#orSkip(each, () => this.#know(each))));
    const shared = {
      config: this.#config,
      connector: this.#connector,
      ports: new Ports(this.#config.firstPort),
      limit: this.#limit,
      secret,
    };
    for (const each of known) {
      if (each) await this.#orSkip(each.config, async () => this.#add(await serve(each, shared), secret));
    }
    if (this.#served.length === 0) throw new Error('None of the instances can be served');
    this.#health.serving(this.#served);
  }

  /** Tells other programs where everything is. @throws Error if the file cannot be written */
  writeReadyFile(): void {
    const { readyFile } = this.#config;
    if (readyFile === undefined) return;
    writeFileSync(readyFile, `${JSON.stringify(this.addresses)}\n`);
    this.#closers.push(() => rmSync(readyFile, { force: true }));
  }

  /** Goes on for the minimum delay, then accepts nobody and gives sessions the maximum delay to end. */
  async drain(hurry: AbortSignal): Promise<void> {
    const { minDelayMs, maxDelayMs } = this.#config;
    if (minDelayMs > 0) {
      this.#log.info(`Serving for another ${minDelayMs / 1000} s`);
      await wait(minDelayMs, undefined, { signal: hurry }).catch(() => {});
    }
    this.#health.phase = 'STOPPING';
    // Before the listeners end what is left, in the same moment.
    const late = setTimeout(() => this.#reportLeft(), maxDelayMs);
    const closing = this.#served.map(({ listener }) => listener.close({ drainMs: maxDelayMs }));
    const now = (): void => void Promise.all(this.#served.map(({ listener }) => listener.close({ drainMs: 0 })));
    hurry.addEventListener('abort', now, { once: true });
    if (hurry.aborted) now();
    await Promise.all(closing);
    clearTimeout(late);
    hurry.removeEventListener('abort', now);
  }

  /** Closes what is open. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#health.phase = 'STOPPING';
    await Promise.all(this.#served.map(({ listener }) => listener.close()));
    for (const close of this.#closers.reverse()) await close();
  }

  #reportLeft(): void {
    const left = this.#served.reduce((sum, { listener }) => sum + listener.sessions, 0);
    if (left === 0) return;
    const those = left === 1 ? '1 connection is still open and is' : `${left} connections are still open and are`;
    this.#log.warn(`${those} closed, after ${this.#config.maxDelayMs / 1000} s`);
  }

  async #openServers(): Promise<void> {
    this.#closers.push(await openTelemetry(this.#config.telemetry, this.#env, () => this.#served, this.#log));
    const { http, admin } = this.#config;
    if (http) {
      const metrics = http.metrics && (await openMetrics(http.metrics.namespace, () => this.#served));
      if (metrics) this.#closers.push(() => metrics.close());
      await this.#openServer('HTTP', http, healthRoutes(http, this.#health, metrics));
    }
    if (admin) await this.#openServer('admin', { host: 'localhost', ...admin }, adminRoutes(admin, this.#onQuit));
  }

  async #openServer(server: string, at: { host: string; port: number }, routes: Parameters<typeof HttpServer.open>[2]) {
    const opened = await HttpServer.open(server, at, routes);
    this.#closers.push(() => opened.close());
    this.#servers.push({ server, address: opened.address });
    this.#log.info(`The ${server} server listens on ${opened.address}`, { address: opened.address });
  }

  async #know(config: InstanceConfig): Promise<KnownInstance> {
    const known = await lookUp(config, this.#connector);
    if (this.#config.connectionTest) {
      await testConnection(this.#connector, dialOptions(config));
      this.#log.info('The connection test succeeded', { instance: config.instance.id });
    }
    return known;
  }

  #add(served: ServedInstance, secret: string | undefined): void {
    const { config, listener } = served;
    const { address } = listener;
    const instance = config.instance.id;
    if (this.#closed) {
      // The end was asked for meanwhile.
      void listener.close();
      return;
    }
    listener.ref();
    this.#served.push(served);
    this.#ownAddresses.add(address);
    this.#log.info(`Listening on ${address}`, { instance, address });
    const { place, iam } = config;
    if (place.kind !== 'TCP') return;
    if (!/^(127\.|::1$)/.test(place.address)) {
      this.#log.warn('Other machines can reach this address, and what passes there is not encrypted.', { instance });
    }
    if (iam && secret === undefined && this.#config.guard === undefined) {
      const what = 'Every user of this machine can log in here with the identity of the proxy.';
      this.#log.warn(what, { instance, remedy: 'Use --unix-socket, --require-local-secret or --require-same-user.' });
    }
  }

  /** Does something for an instance; what fails ends the start, unless the instance is to be skipped then. */
  async #orSkip<T>(config: InstanceConfig, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      // The end was asked for meanwhile, and took the connector away.
      if (this.#closed) throw error;
      const { skipFailed } = this.#config;
      const fields = { instance: config.instance.id, ...errorFields(error) };
      this.#log.error(
        `The instance ${skipFailed ? 'is skipped' : 'cannot be served'}: ${(error as Error).message}`,
        fields,
      );
      if (skipFailed) return undefined;
      throw new NotServed(config.instance.id, error);
    }
  }
}

/** Waits for all, so that each can say why it fails, and then fails with the first that did. */
async function allOrFirstFailure<T>(all: readonly Promise<T>[]): Promise<T[]> {
  const failed = (await Promise.allSettled(all)).find((each) => each.status === 'rejected');
  if (failed) throw failed.reason;
  return Promise.all(all);
}
