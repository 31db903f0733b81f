/**
 * An error that the `prisma` command shows as its own: a code of Prisma's error reference and a message.
 */
export class UserError extends Error {
  /** `P1001` and the like; empty where Prisma has none. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UserError';
    this.code = code;
  }
}

/** Turns whatever was thrown into what the command shows. */
export function toUserError(error: unknown): UserError {
  if (error instanceof UserError) return error;
  if (!(error instanceof Error)) return new UserError('', String(error));
  // The WebAssembly engine throws errors with Prisma's code in `code`.
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return new UserError(code, error.message, { cause: error });
}

/** The message of an error and of what caused it: the cause often names the remedy. */
export function fullMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError) return error.errors.map(fullMessage).join('; ');
  return error.message;
}
