import { ConfigError } from '../errors.ts';

/** The universe of Google Cloud itself. Sovereign clouds have others. */
export const defaultUniverse = 'googleapis.com';

/**
 * The universe that a connector works in.
 * @throws ConfigError `CLOUDSQL_INVALID_OPTION`
 */
export function universeOf(option: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  const value = (option ?? (env.GOOGLE_CLOUD_UNIVERSE_DOMAIN || defaultUniverse)).trim().toLowerCase();
  if (/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(value)) return value;
  const where = option === undefined ? 'GOOGLE_CLOUD_UNIVERSE_DOMAIN' : '`universeDomain`';
  throw new ConfigError('CLOUDSQL_INVALID_OPTION', `${where} is "${value}", which is not a domain`, {
    remedy: `Use a domain such as ${defaultUniverse}, or leave it out.`,
  });
}

/** Refuses credentials of one universe in another: their tokens would be sent to strangers. */
export function checkUniverse(credentials: string | undefined, chosen: string): void {
  if (credentials === undefined || credentials.toLowerCase() === chosen) return;
  const what = `The credentials belong to the universe ${credentials}, the connector works in ${chosen}`;
  throw new ConfigError('CLOUDSQL_UNIVERSE_MISMATCH', what, {
    remedy: `Set \`universeDomain: '${credentials}'\` or GOOGLE_CLOUD_UNIVERSE_DOMAIN, or use credentials of ${chosen}.`,
  });
}
