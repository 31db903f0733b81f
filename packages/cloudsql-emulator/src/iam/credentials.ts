import type { AccessTokens } from './access-tokens.ts';
import { CLOUD_PLATFORM_SCOPE } from './scopes.ts';
import type { ServiceAccountKeys } from './service-account-keys.ts';

const API_AUDIENCES = ['https://sqladmin.googleapis.com', 'https://alloydb.googleapis.com'];

/** Who stands behind a bearer token. */
export interface Caller {
  readonly email: string;
  readonly scopes: readonly string[];
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/**
 * Finds who stands behind a bearer token: an access token, or a JWT that a service account signed for itself, which
 * Google accepts in its place when it names scopes or the API as its audience.
 */
export function identifyBearer(bearer: string, tokens: AccessTokens, keys: ServiceAccountKeys): Caller | undefined {
  const token = tokens.find(bearer);
  if (token || !bearer.startsWith('eyJ')) return token;
  const claims = keys.check(bearer);
  if (typeof claims === 'string') return undefined;
  const { email, scope, audience, expiresAt } = claims;
  if (scope !== undefined) return { email, scopes: scope.split(' '), expiresAt };
  return API_AUDIENCES.some((api) => audience?.startsWith(api))
    ? { email, scopes: [CLOUD_PLATFORM_SCOPE], expiresAt }
    : undefined;
}
