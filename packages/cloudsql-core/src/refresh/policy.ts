/** Anything that is valid until a moment in time. */
export interface Expiring {
  /** Wall clock, milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** An error that may say whether trying again could help. */
export interface MaybeFinal extends Error {
  readonly retryable?: boolean;
}

/** Hands out a value that is valid now. How it stays fresh is the policy's own business. */
export interface RefreshPolicy<T extends Expiring> {
  /** The valid value in hand, if there is one. Starts nothing. */
  peek(): T | undefined;
  /** A valid value, fetched first if need be. Callers at the same time share one fetch. */
  get(): Promise<T>;
  /** Says that a value did not work, so that the next one is fetched soon. The value stays in use while it is valid. */
  suspect(value: T): void;
  /** Stops all work for good. Waiting callers are rejected. */
  close(reason: Error): void;
}
