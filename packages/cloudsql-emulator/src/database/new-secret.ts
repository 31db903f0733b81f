import { randomBytes } from 'node:crypto';

/** Returns a password that nobody is told. */
export function newSecret(): string {
  return randomBytes(24).toString('hex');
}
