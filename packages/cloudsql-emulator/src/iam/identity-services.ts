import type { AccessTokens } from './access-tokens.ts';
import type { Principals } from './principals.ts';
import type { ServiceAccountKeys } from './service-account-keys.ts';

/** Everything that knows about identities. */
export interface IdentityServices {
  readonly principals: Principals;
  readonly tokens: AccessTokens;
  readonly keys: ServiceAccountKeys;
}
