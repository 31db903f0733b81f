import { waitOrAbort } from '../deadline.ts';
import type { Expiring, MaybeFinal, RefreshPolicy } from './policy.ts';
import { margin, refreshDelay, retryDelay, suspectIntervalMs } from './schedule.ts';

/** The failure of a fetch that had run for so long when somebody came is not theirs, in milliseconds. */
const lateMs = 1000;

/**
 * Keeps a value fresh ahead of its expiry, as long as somebody uses it.
 *
 * Invariants: at most one fetch runs at a time; a valid value is never dropped because a fetch failed; an expired one
 * is never handed out; a failed fetch in the background rejects nowhere; the timer never keeps the process alive.
 * A value that nobody asked for during one of its lives is left to expire: no timer, no fetch, until the next `get`.
 */
export class RefreshAhead<T extends Expiring> implements RefreshPolicy<T> {
  readonly #fetch: (signal: AbortSignal) => Promise<T>;
  readonly #life = new AbortController();
  #current: T | undefined;
  #fetching: Promise<T> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #usedAt = 0;
  #fetchedAt = 0;
  #startedAt = 0;
  #suspectedAt = Number.NEGATIVE_INFINITY;
  #failures = 0;

  /** `fetch` has its own deadline, reports its own failures, and stops when the signal fires: then nobody waits. */
  constructor(fetch: (signal: AbortSignal) => Promise<T>) {
    this.#fetch = fetch;
  }

  peek(): T | undefined {
    const current = this.#current;
    return current && current.expiresAt > Date.now() ? current : undefined;
  }

  get(): Promise<T> {
    if (this.#closed) return Promise.reject(this.#life.signal.reason as Error);
    this.#usedAt = Date.now();
    const current = this.peek();
    if (!current) return this.#refreshFor();
    const remaining = current.expiresAt - Date.now();
    // About to end: what comes next is worth waiting for. If that fails, what is still valid is better than nothing.
    if (remaining < margin(current.expiresAt - this.#fetchedAt)) {
      return this.#refreshFor().catch((error: unknown) => {
        const last = this.#closed ? undefined : this.peek();
        if (last) return last;
        throw error;
      });
    }
    // Asleep, or woken up late: the value is good, and somebody uses it again.
    if (!this.#timer && !this.#fetching) this.#schedule(refreshDelay(remaining));
    return Promise.resolve(current);
  }

  suspect(value: T): void {
    // Not by the wall clock, which may be set back.
    const now = performance.now();
    if (this.#closed || value !== this.#current || now - this.#suspectedAt < suspectIntervalMs) return;
    this.#suspectedAt = now;
    this.#refreshInBackground();
  }

  close(reason: Error): void {
    this.#life.abort(reason);
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#current = undefined;
  }

  get #closed(): boolean {
    return this.#life.signal.aborted;
  }

  /** A refresh on behalf of a caller, who may have come when one was well under way. */
  #refreshFor(): Promise<T> {
    const isLate = this.#fetching !== undefined && Date.now() - this.#startedAt > lateMs;
    if (!isLate) return this.#refresh();
    return this.#refresh().catch((error: unknown) => {
      if (this.#closed || (error as MaybeFinal).retryable === false) throw error;
      return this.#refresh();
    });
  }

  #refresh(): Promise<T> {
    this.#fetching ??= this.#start().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #start(): Promise<T> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#startedAt = Date.now();
    const { signal } = this.#life;
    try {
      const value = await waitOrAbort(this.#fetch(signal), signal);
      const now = Date.now();
      const remaining = value.expiresAt - now;
      // A source that has nothing fresher yet, such as a token that its provider keeps to the end, is not hurried.
      const gained = value.expiresAt - (this.#current?.expiresAt ?? 0);
      const isStale = gained + 1000 < (now - this.#fetchedAt) / 2;
      this.#current = value;
      this.#fetchedAt = now;
      this.#failures = 0;
      this.#schedule(isStale ? Math.max(remaining, 1000) : refreshDelay(remaining));
      return value;
    } catch (error) {
      this.#failures++;
      // Without a valid value there is nothing to keep fresh: the next `get` fetches, and reports its own failure.
      const current = this.#closed ? undefined : this.peek();
      if (current) {
        const remaining = current.expiresAt - Date.now();
        const isFinal = (error as MaybeFinal).retryable === false;
        this.#schedule(isFinal ? Math.max(remaining / 2, 1000) : retryDelay(this.#failures));
      }
      throw error;
    }
  }

  #schedule(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const life = (this.#current?.expiresAt ?? 0) - this.#fetchedAt;
    // By then nobody would have used it for one of its lives. A `get` before that comes back here.
    if (this.#closed || Date.now() + delayMs - this.#usedAt > life) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#refreshInBackground();
    }, delayMs);
    this.#timer.unref();
  }

  /** The failure was published by the fetch itself, and the next `get` meets it if it still matters. */
  #refreshInBackground(): void {
    this.#refresh().catch(() => {});
  }
}
