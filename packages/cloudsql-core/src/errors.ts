import { types } from 'node:util';
import { type CatalogueEntry, type CloudSqlErrorCode, errorCatalogue } from './error-catalogue.ts';

export { type CloudSqlErrorCode, errorCatalogue } from './error-catalogue.ts';

/** What an error can carry besides its code and message. */
export interface CloudSqlErrorDetails {
  /** The instance that the error is about. */
  readonly instance?: string;
  /** The error behind this one. */
  readonly cause?: unknown;
  /** What to do, when it is more precise than the remedy of the code. */
  readonly remedy?: string;
  /** Overrides whether a retry may help. */
  readonly retryable?: boolean;
}

const brand = Symbol.for('@x/cloudsql-core/error');

/**
 * Base of all errors of this library. The message says what failed, on which instance, and what to do.
 * `instanceof` holds across copies of the library; `code` is the thing to test in programs.
 */
export class CloudSqlError extends Error {
  /** Stable; one of {@link errorCatalogue}'s keys. */
  readonly code: CloudSqlErrorCode;
  /** The instance that the error is about, if it is about one. */
  readonly instance: string | undefined;
  /** Whether the same call may succeed later without any change. */
  readonly retryable: boolean;
  /** What to do: the end of the message. */
  declare readonly remedy: string;

  constructor(code: CloudSqlErrorCode, what: string, details: CloudSqlErrorDetails = {}) {
    const entry: CatalogueEntry = errorCatalogue[code];
    const { kind } = entry;
    const usual = (isAlloyDb(details.instance) && entry.alloyDbRemedy) || entry.remedy;
    const remedy = details.remedy ?? usual;
    const where = details.instance ? ` (instance "${details.instance}")` : '';
    super(`${what}${where}. ${remedy}`, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = kind;
    this.code = code;
    this.instance = details.instance;
    this.retryable = details.retryable ?? entry.retryable;
    Object.defineProperty(this, brand, { value: kind, enumerable: false });
    // Not enumerable, because the message says it already.
    Object.defineProperty(this, 'remedy', { value: remedy, enumerable: false });
  }

  /** The kind of error that a subclass stands for; a name of its own because bundlers shorten class names. */
  protected static readonly kind: string | undefined = undefined;

  static override [Symbol.hasInstance](value: unknown): boolean {
    const kind = (value as { [brand]?: string } | null | undefined)?.[brand];
    // biome-ignore lint/complexity/noThisInStatic: the class that `instanceof` names decides
    return kind !== undefined && (this.kind === undefined || this.kind === kind);
  }
}

/** By the form of its name, because whoever reports an error knows the instance and not always the service. */
function isAlloyDb(instance: string | undefined): boolean {
  return instance?.startsWith('projects/') ?? false;
}

/** The configuration is wrong: retrying is pointless. */
export class ConfigError extends CloudSqlError {
  protected static override readonly kind: string = 'ConfigError';
}

/** The control plane (tokens, Admin API) failed; `retryable` says whether it may pass. */
export class RefreshError extends CloudSqlError {
  protected static override readonly kind: string = 'RefreshError';
}

/** The network or the server failed; it may pass. */
export class DialError extends CloudSqlError {
  protected static override readonly kind: string = 'DialError';
}

const kinds = { ConfigError, RefreshError, DialError };

/** Makes the error of the kind that the table says for this code. */
export function cloudSqlError(code: CloudSqlErrorCode, what: string, details?: CloudSqlErrorDetails): CloudSqlError {
  return new kinds[errorCatalogue[code].kind](code, what, details);
}

/** An error of Node's `net`, `tls` or `dns`, as far as drivers and ORMs look at it. */
interface SystemError extends Error {
  code?: string;
  errno?: number;
  syscall?: string;
  address?: string;
  port?: number;
}

/** A {@link CloudSqlError} as a driver receives it: `code` is Node's where the network failed, `reason` is ours. */
export type DriverError = Error & { code: string; reason: CloudSqlErrorCode };

/** Under Jest, Node's own errors are made by another `Error` than the one that our files see. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

/**
 * A copy of the error for a driver: ORMs map Node's own `code`, `errno` and `syscall` (Prisma's P1001 does), so a
 * network failure carries those and moves our code to `reason`. `error.reason ?? error.code` is ours in both cases.
 */
export function toDriverError(error: unknown): Error {
  if (!(error instanceof CloudSqlError)) return isError(error) ? error : new Error(String(error));
  const copy = cloudSqlError(error.code, '', { cause: error.cause, remedy: error.remedy });
  const { code, errno, syscall, address, port } = (error.cause ?? {}) as SystemError;
  const network = typeof syscall === 'string' ? { code, errno, syscall, address, port } : {};
  return Object.assign(copy, {
    message: error.message,
    stack: error.stack,
    instance: error.instance,
    retryable: error.retryable,
    reason: error.code,
    ...network,
  });
}
