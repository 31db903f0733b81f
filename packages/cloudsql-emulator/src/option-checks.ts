import { EmulatorError } from './errors.ts';
import { nearestName } from './nearest-name.ts';

/** Throws the error for one bad option: where it is, what was expected, what was given. */
export function invalid(where: string, expectation: string, value: unknown): never {
  throw new EmulatorError('INVALID_OPTION', `${where}: ${expectation}, got ${describe(value)}.`);
}

/** Checks that a value is a plain object. */
export function checkRecord(value: unknown, where: string): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? { ...value }
    : invalid(where, 'must be an object', value);
}

/** Checks that an object has no keys but the known ones, and names the nearest one if it has. */
export function checkKeys<K extends string>(
  record: Record<string, unknown>,
  where: string,
  known: readonly K[],
): { readonly [key in K]?: unknown } {
  const allowed: readonly string[] = known;
  for (const key of Object.keys(record)) {
    if (allowed.includes(key)) continue;
    const nearest = nearestName(key, known);
    const hint = nearest ? `did you mean '${nearest}'?` : `known keys: ${known.join(', ')}.`;
    throw new EmulatorError('INVALID_OPTION', `${where}: unknown key '${key}'; ${hint}`);
  }
  return record as { readonly [key in K]?: unknown };
}

/** Checks that a value is an array. */
export function checkArray(value: unknown, where: string): readonly unknown[] {
  return Array.isArray(value) ? value : invalid(where, 'must be an array', value);
}

/** Checks that a value is text without NUL, which PostgreSQL cannot store. */
export function checkText(value: unknown, where: string): string {
  return typeof value === 'string' && value !== '' && !value.includes('\0')
    ? value
    : invalid(where, 'must be a non-empty string', value);
}

/** Checks that a value is true or false. */
export function checkBoolean(value: unknown, where: string): boolean {
  return typeof value === 'boolean' ? value : invalid(where, 'must be true or false', value);
}

/** Checks an e-mail and returns it in lower case, as Google stores it. */
export function checkEmail(value: unknown, where: string): string {
  const email = checkText(value, where).toLowerCase();
  if (!/^[^@\s]+@[^@\s]+$/.test(email)) invalid(where, 'must be an e-mail address', value);
  return email;
}

/** Checks a duration in milliseconds: at least 1, at most ten years. */
export function checkDuration(value: unknown, where: string): number {
  return typeof value === 'number' && value >= 1 && value <= 315_360_000_000
    ? value
    : invalid(where, 'must be a number of milliseconds from 1 up', value);
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
