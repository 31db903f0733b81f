import type { TLSSocket } from 'node:tls';
import { afterWrites, retire } from '../dial/retire.ts';
import { ConfigError } from '../errors.ts';
import type { DnsName } from '../instance/dns-name.ts';
import type { Instance } from '../instance/instance.ts';
import type { Resolution } from '../instance/resolve.ts';
import { type Logger, publish } from '../telemetry.ts';

/** What watching a DNS name takes. */
export interface WatchOptions {
  readonly name: DnsName;
  /** Looks the name up. */
  readonly resolve: () => Promise<Resolution>;
  /** Gets ready for connections to an instance, as they were made so far. */
  readonly prepare: (instance: Instance) => Promise<unknown>;
  /** Between two look-ups while the name is in use, in milliseconds; 0 for none. */
  readonly periodMs: number;
  /** The projects that the name may lead to. Undefined: the one that it leads to at first. */
  readonly allowedProjects: readonly string[] | undefined;
  readonly logger: Logger | undefined;
}

/** What {@link Connector.names} says of one DNS name. */
export interface NameStatus {
  readonly name: string;
  /** The instance that dials go to; undefined where the name has not led to one yet. */
  readonly instance: string | undefined;
  /** When DNS last said so. */
  readonly resolvedAt: Date | undefined;
  /** Why the latest look-up was not followed, until one is: no answer, or one that must not be followed. */
  readonly error: Error | undefined;
}

/** Polling is late that long after its time, in milliseconds: more than a look-up takes. */
const lateMs = 30_000;

/** A dial that has an answer from before waits no longer than this for a new one, in milliseconds. */
const patienceMs = 1000;

/**
 * Knows which instance a DNS name stands for, and notices when that changes.
 *
 * Invariants: at most one look-up at a time; a failed look-up changes nothing; once a change was seen nothing dials the
 * old instance; its sockets end only when the new one is ready to be dialled; no timer keeps the process alive, and
 * none runs for a name that has no open connection and was not dialled for one life of a certificate.
 */
export class WatchedName {
  readonly #options: WatchOptions;
  /** Open connections, with the instance that each leads to. */
  readonly #sockets: Map<TLSSocket, string> = new Map();
  #answer: Resolution | undefined;
  #answeredAt: Date | undefined;
  #error: Error | undefined;
  /** Why the latest answer is not followed. */
  #refusal: ConfigError | undefined;
  /** For how long the latest answer is good, in milliseconds. */
  #ttlMs = 0;
  /** By the wall clock, because the other one stands still while the machine sleeps. */
  #lookedUpAt = 0;
  #pending: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #awakeUntil = 0;
  #moving: Promise<void> | undefined;
  #closed = false;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** What the name stood for when it was last looked up. Starts nothing. */
  peek(): Instance | undefined {
    return this.#answer?.instance;
  }

  /** What is known of the name. Starts nothing. */
  get status(): NameStatus {
    const [instance, resolvedAt] = [this.#answer?.instance.id, this.#answeredAt];
    return { name: this.#options.name.id, instance, resolvedAt, error: this.#error };
  }

  /** What the name stands for. While it is watched, nobody waits for DNS. */
  async get(): Promise<Resolution> {
    const lookup = this.#lookUp();
    if (!this.#answer || this.#refusal) await lookup;
    else if (!this.#isWatched) await atMost(patienceMs, lookup);
    return this.#current();
  }

  /** Says that what `get` returned could not be dialled: returns what the name stands for by now. */
  async afterFailure(): Promise<Resolution> {
    await atMost(patienceMs, this.#lookUp());
    return this.#current();
  }

  /** Whether an answer is still the latest. */
  isCurrent({ instance }: Resolution): boolean {
    return !this.#refusal && this.#answer?.instance.id === instance.id;
  }

  /** Takes note of a new connection, by a certificate that is valid for so long. */
  track(socket: TLSSocket, { id }: Instance, certificateExpiresAt: number): void {
    if (this.#closed || socket.destroyed) return;
    this.#sockets.set(socket, id);
    socket.once('close', () => this.#sockets.delete(socket));
    this.#awakeUntil = Math.max(this.#awakeUntil, certificateExpiresAt);
    if (!this.#timer) this.#poll();
  }

  /** Stops watching. Open connections stay. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#sockets.clear();
  }

  #current(): Resolution {
    if (this.#refusal) throw this.#refusal;
    return this.#answer!;
  }

  /** Whether it is polled, and in time: a process that was frozen, or asleep, is late. */
  get #isWatched(): boolean {
    return this.#timer !== undefined && Date.now() - this.#lookedUpAt < this.#options.periodMs + lateMs;
  }

  #poll(): void {
    const { periodMs } = this.#options;
    const isInUse = this.#sockets.size > 0 || Date.now() < this.#awakeUntil;
    this.#timer = undefined;
    if (periodMs === 0 || this.#closed || !isInUse) return;
    this.#timer = setTimeout(() => {
      this.#ttlMs = 0;
      this.#lookUp()
        .catch(() => {})
        .finally(() => this.#poll());
    }, periodMs);
    this.#timer.unref();
  }

  /** Looks the name up, unless that was just done. Rejects only where there is no answer from before. */
  #lookUp(): Promise<void> {
    const age = Date.now() - this.#lookedUpAt;
    // A negative one: the clock was set back.
    if (age >= 0 && age < this.#ttlMs && !this.#pending) return Promise.resolve();
    this.#pending ??= this.#resolve().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #resolve(): Promise<void> {
    const { name, resolve, logger } = this.#options;
    try {
      const answer = await resolve();
      if (!this.#closed) this.#accept(answer);
    } catch (cause) {
      const error = cause as Error;
      this.#error = error;
      // Asked again after a while only, for whoever cannot answer is not helped by being asked more.
      if (this.#answer) this.#ttlMs = patienceMs;
      publish('failover', { name: name.id, error });
      if (!this.#answer) throw error;
      logger?.warn(`${this.#answer.instance.id} stays in use for ${name.id}: ${error.message}`);
    } finally {
      this.#lookedUpAt = Date.now();
    }
  }

  #accept(answer: Resolution): void {
    const { name, allowedProjects, logger } = this.#options;
    this.#ttlMs = answer.ttlMs;
    const before = this.#answer?.instance;
    const { instance } = answer;
    const allowed = allowedProjects ?? [before?.project ?? instance.project];
    if (!allowed.includes(instance.project)) {
      const what = `The name leads to ${instance.id}; ${allowedProjects ? 'allowed are' : 'so far it led to'} instances of ${allowed.join(', ')}`;
      const refusal = new ConfigError('CLOUDSQL_PROJECT_REFUSED', what, { instance: name.id });
      if (this.#refusal?.message !== refusal.message) logger?.warn(refusal.message);
      this.#refusal = this.#error = refusal;
      publish('failover', { name: name.id, error: refusal });
      return;
    }
    this.#refusal = this.#error = undefined;
    this.#answer = answer;
    this.#answeredAt = new Date();
    if (before && before.id !== instance.id) {
      logger?.warn(`${name.id} leads to ${instance.id} now, and no more to ${before.id}`);
      publish('failover', { name: name.id, from: before.id, to: instance.id });
    }
    if ([...this.#sockets.values()].every((id) => id === instance.id)) return;
    this.#moving ??= this.#move(instance)
      .catch(() => {})
      .finally(() => {
        this.#moving = undefined;
      });
  }

  /** Ends the connections to other instances, as soon as this one is ready; if it is not, the next look-up tries again. */
  async #move(instance: Instance): Promise<void> {
    await this.#options.prepare(instance);
    for (const [socket, id] of this.#sockets) {
      if (this.#closed || this.peek()?.id !== instance.id) return;
      if (id === instance.id) continue;
      this.#sockets.delete(socket);
      retire(socket);
      // One by one: what the end of one has a pool do on another is over before that one ends.
      await afterWrites();
    }
  }
}

/** Waits for something, for so long; resolves whatever becomes of it. */
async function atMost(ms: number, wait: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
    timer.unref();
  });
  await Promise.race([wait, late]);
  clearTimeout(timer);
}
