import type { HttpClient } from '../http-client.ts';
import { type AccessToken, type Narrowed, platformScope, type Scopes } from './credentials.ts';

/** What a token is for: an admin API, a database login, or acting as a service account. */
export type TokenUse = 'API' | 'LOGIN' | 'IMPERSONATION';

/** The one scope that a use needs. */
export function scopeOf(use: TokenUse, { scopes }: Pick<GrantCall, 'scopes'>): string {
  if (use === 'IMPERSONATION') return platformScope;
  return use === 'API' ? scopes.api : scopes.login;
}

/** A token together with what is known of its power. */
export interface GrantedToken extends AccessToken {
  /** Undefined where the source does not say. */
  readonly scopes: readonly string[] | undefined;
  readonly narrowed: Narrowed;
  /** Why it is not narrowed. */
  readonly note?: string;
  /** False for tokens that somebody else keeps fresh: these are asked for each time. */
  readonly keep?: false;
}

/** What a grant may use while it gets a token. */
export interface GrantCall {
  readonly http: HttpClient;
  /** Scopes of the service that the tokens are for. */
  readonly scopes: Scopes;
  /** The universe that the connector works in, `googleapis.com` for nearly everyone. */
  readonly universe: string;
  readonly signal: AbortSignal;
}

/** One way of getting access tokens. Keeps nothing: whoever uses it remembers the tokens. */
export interface Grant {
  readonly kind: string;
  /** The universe that the credentials belong to; undefined where they do not say. */
  readonly universe: string | undefined;
  readonly quotaProject: string | undefined;
  /** Service accounts that are acted as on the way. */
  readonly impersonates?: readonly string[];
  /** Where tokens can be asked about; `false` where nowhere. @default Google's, which knows its own universe only */
  readonly infoUrl?: string | false | undefined;
  /** False where there are no tokens for logins. */
  readonly login?: false;
  token(use: TokenUse, call: GrantCall): Promise<GrantedToken>;
  /** E-mail of the principal. `apiToken` gives a current token, for sources that have to ask whose it is. */
  email(apiToken: () => Promise<AccessToken>, call: GrantCall): Promise<string | undefined>;
}

/** A token of exactly the scope that its use needs. */
export function narrowToken(use: TokenUse, call: Pick<GrantCall, 'scopes'>, token: AccessToken): GrantedToken {
  return { ...token, scopes: [scopeOf(use, call)], narrowed: 'YES' };
}
