import { types } from 'node:util';

/** Stable codes of {@link EmulatorError}. */
export type EmulatorErrorCode =
  | 'INVALID_OPTION'
  | 'UNSUPPORTED_PLATFORM'
  | 'UNSUPPORTED_ENGINE'
  | 'DATABASE_BINARIES_MISSING'
  | 'DATABASE_STARTING'
  | 'DATABASE_START_FAILED'
  | 'DATABASE_STATEMENT_FAILED'
  | 'DATA_FOLDER_UNUSABLE'
  | 'CONFIG_UNREADABLE'
  | 'LOCATOR_UNUSABLE'
  | 'ADDRESS_UNAVAILABLE'
  | 'NO_SNAPSHOTS'
  | 'UNKNOWN_INSTANCE'
  | 'UNKNOWN_PRINCIPAL'
  | 'UNKNOWN_USER'
  | 'CLOSED';

/** Says what the emulator could not do and what to change. Branch on `code`; the message is for people. */
export class EmulatorError extends Error {
  override readonly name = 'EmulatorError';
  /** Stable; the thing to test. */
  readonly code: EmulatorErrorCode;

  constructor(code: EmulatorErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Returns the system's code (`'EADDRINUSE'`) of an unknown thrown value, or an empty string. */
export function systemCode(error: unknown): string {
  return isError(error) && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Returns the message of an unknown thrown value. */
export function messageOf(error: unknown): string {
  return isError(error) ? error.message : String(error);
}

/** Under Jest, Node's own errors are made by another `Error` than the one that our files see. */
function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}
