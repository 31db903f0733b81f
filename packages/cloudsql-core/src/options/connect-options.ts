import type { Engine } from '../credentials/database-user.ts';
import type { ConnectionOptions } from './connection-options.ts';

/** Options of {@link Connector.connect}. */
export interface ConnectOptions extends ConnectionOptions {
  /** The engine that the caller will speak to; another one is an error. @default not checked */
  readonly engine?: Engine;
  /** Gives the dial up. */
  readonly signal?: AbortSignal;
  /** Overrides the connector's `dialTimeoutMs` for this dial, in milliseconds. @default the connector's */
  readonly timeoutMs?: number;
}

/** Options of {@link Connector.warmup} and {@link Connector.engineVersion}. */
export interface WarmupOptions extends ConnectionOptions {
  /** Gives the wait up; what is under way goes on for others. */
  readonly signal?: AbortSignal;
  /** Overrides the connector's `dialTimeoutMs` for this wait, in milliseconds. @default the connector's */
  readonly timeoutMs?: number;
}

/** What somebody is about to log in to. */
export interface LoginTarget {
  /** An instance name: each service has its own scope of login tokens. @default any Cloud SQL instance */
  readonly instance?: string;
  /** Gives the wait up; what is under way goes on for others. */
  readonly signal?: AbortSignal;
}
