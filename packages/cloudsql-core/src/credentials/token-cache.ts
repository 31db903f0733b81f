import type { AccessToken } from './credentials.ts';

/** A token with less time left than this is not handed out if a new one can be had, in milliseconds. */
const earlyMs = 5 * 60_000;

/**
 * Remembers one token until shortly before it expires. Callers at the same time share one fetch.
 *
 * A certificate with a token in it is renewed four minutes before the token ends, so five are enough for the next one
 * to carry a new token. Of short-lived tokens the last three quarters count as the end. A fresh token is always handed
 * out, however short its life, so that a source of nearly expired ones causes no loop here. Tokens that the caller
 * keeps fresh, and those whose end is unknown, are asked for each time.
 */
export class TokenCache<T extends AccessToken & { readonly keep?: false }> {
  readonly #fetch: () => Promise<T>;
  #current: { readonly token: T; readonly staleAt: number; readonly staleFrom: number } | undefined;
  #pending: Promise<T> | undefined;

  constructor(fetch: () => Promise<T>) {
    this.#fetch = fetch;
  }

  get(): Promise<T> {
    const known = this.#current;
    // By both clocks: this one may be set back, and that one stands still while the machine sleeps.
    if (known && Date.now() < known.staleAt && performance.now() < known.staleFrom) return Promise.resolve(known.token);
    this.#pending ??= this.#renew().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  /** Drops the token: it is no longer the one that should be used. With an argument, only if it is that one. */
  forget(token?: string): void {
    if (token === undefined || token === this.#current?.token.token) this.#current = undefined;
  }

  async #renew(): Promise<T> {
    const token = await this.#fetch();
    this.#current = undefined;
    if (token.keep !== false && token.expiresAt !== undefined) {
      const left = token.expiresAt - Date.now();
      const fresh = left - Math.min(earlyMs, left * 0.75);
      this.#current = { token, staleAt: Date.now() + fresh, staleFrom: performance.now() + fresh };
    }
    return token;
  }
}
