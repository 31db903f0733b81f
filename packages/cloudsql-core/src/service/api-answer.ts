import { cloudSqlError } from '../errors.ts';
import type { Instance } from '../instance/instance.ts';

/** Parses a part of an API's answer. @throws RefreshError `CLOUDSQL_BAD_API_ANSWER` where that fails */
export function usable<T>({ id }: Instance, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw cloudSqlError('CLOUDSQL_BAD_API_ANSWER', `The API sent no usable ${what}`, { instance: id, cause });
  }
}

/** Checks that a certificate that was just issued has not expired. @throws RefreshError `CLOUDSQL_CLOCK_SKEW` */
export function refuseExpired({ id }: Instance, expiresAt: number): void {
  if (expiresAt > Date.now()) return;
  const until = new Date(expiresAt).toISOString();
  throw cloudSqlError(
    'CLOUDSQL_CLOCK_SKEW',
    `The new certificate expired at ${until}, and it is ${new Date().toISOString()}`,
    { instance: id },
  );
}
