import { waitOrAbort } from '../deadline.ts';
import type { Expiring, RefreshPolicy } from './policy.ts';
import { lazyMargin, retryDelay, suspectIntervalMs } from './schedule.ts';

/**
 * Fetches a value only when somebody needs one: for processes that get no processor time between requests, where work
 * in the background is cut off and timers are late.
 *
 * Invariants: at most one fetch runs at a time; a valid value is never dropped because a fetch failed; an expired one
 * is never handed out; there is no timer.
 */
export class RefreshLazily<T extends Expiring> implements RefreshPolicy<T> {
  readonly #fetch: (signal: AbortSignal) => Promise<T>;
  readonly #life = new AbortController();
  #current: T | undefined;
  #fetching: Promise<T> | undefined;
  #fetchedAt = 0;
  #suspectedAt = Number.NEGATIVE_INFINITY;
  #isSuspect = false;
  #failures = 0;
  #retryAt = 0;

  /** `fetch` has its own deadline, reports its own failures, and stops when the signal fires: then nobody waits. */
  constructor(fetch: (signal: AbortSignal) => Promise<T>) {
    this.#fetch = fetch;
  }

  peek(): T | undefined {
    const current = this.#current;
    return current && current.expiresAt > Date.now() ? current : undefined;
  }

  async get(): Promise<T> {
    if (this.#life.signal.aborted) throw this.#life.signal.reason;
    const current = this.peek();
    if (!current) return this.#refresh();
    const isOld = current.expiresAt - Date.now() < lazyMargin(current.expiresAt - this.#fetchedAt);
    if (!(isOld || this.#isSuspect) || performance.now() < this.#retryAt) return current;
    return this.#refresh().catch((error: unknown) => {
      const last = this.peek();
      if (last) return last;
      throw error;
    });
  }

  suspect(value: T): void {
    // Not by the wall clock, which may be set back.
    const now = performance.now();
    if (value !== this.#current || now - this.#suspectedAt < suspectIntervalMs) return;
    this.#suspectedAt = now;
    this.#isSuspect = true;
  }

  close(reason: Error): void {
    this.#life.abort(reason);
    this.#current = undefined;
  }

  #refresh(): Promise<T> {
    this.#fetching ??= this.#start().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #start(): Promise<T> {
    const { signal } = this.#life;
    try {
      const value = await waitOrAbort(this.#fetch(signal), signal);
      this.#current = value;
      this.#fetchedAt = Date.now();
      this.#isSuspect = false;
      this.#failures = 0;
      return value;
    } catch (error) {
      // Matters to dials that have a valid value only: they do not all wait for what has just failed.
      this.#retryAt = performance.now() + retryDelay(++this.#failures);
      throw error;
    }
  }
}
