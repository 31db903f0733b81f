import { randomBytes } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { UsageError } from '../../cli/usage-error.ts';
import type { Log } from './log.ts';

/**
 * The password that clients must show: what a file holds, which is made if it does not exist.
 * @throws UsageError where the file can neither be read nor made
 */
export function localSecret(file: string, log: Log): string {
  try {
    // Made by whoever comes first, never over what is there.
    writeFileSync(file, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unusable(file, error);
  }
  const secret = read(file);
  if (secret === '') throw unusable(file, new Error('it is empty'));
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) {
    log.warn(`Others can read the secret in ${file}: run chmod 600 ${file}`);
  }
  return secret;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw unusable(file, error);
  }
}

function unusable(file: string, error: unknown): UsageError {
  return new UsageError(
    `The local secret in ${file} cannot be used: ${(error as Error).message}`,
    'Name a file that this user can write, or remove an empty one.',
  );
}
