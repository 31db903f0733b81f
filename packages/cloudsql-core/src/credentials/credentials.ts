import type { AuthClient, GoogleAuth } from 'google-auth-library';

/** An OAuth access token. */
export interface AccessToken {
  readonly token: string;
  /** Wall clock, milliseconds since the epoch; undefined where the source does not say. */
  readonly expiresAt: number | undefined;
}

/** Where Google credentials come from. */
export type CredentialSource =
  /** A key file of any kind that google-auth-library reads. */
  | { readonly keyFile: string }
  /** Tokens that the caller keeps fresh: one for the APIs, one (scope sqlservice.login or alloydb.login) for logins. */
  | { readonly accessToken: TokenSource; readonly loginToken?: TokenSource }
  | AuthClient
  // biome-ignore lint/suspicious/noExplicitAny: whatever client the caller's GoogleAuth makes
  | GoogleAuth<any>;

/** A token, or a function that returns the current one. */
export type TokenSource = string | (() => string | Promise<string>);

/** What the rest of core asks of credentials, wherever they come from. */
export interface Credentials {
  /** A token for the admin API. */
  apiToken(): Promise<AccessToken>;
  /** A token that is good for logging in to databases; narrowed to that where the source can express it. */
  loginToken(): Promise<AccessToken>;
  /** The e-mail address of the principal, where the source knows it. */
  email(): Promise<string | undefined>;
  /** The project that API quota is charged to, where the source names one. */
  quotaProject(): Promise<string | undefined>;
}

/** What the tokens of one service are good for. */
export interface Scopes {
  /** Scope of the token for the admin API. */
  readonly api: string;
  /** Scope of the login token: it opens databases and nothing else. */
  readonly login: string;
}

export const cloudSqlScopes: Scopes = {
  api: 'https://www.googleapis.com/auth/sqlservice.admin',
  login: 'https://www.googleapis.com/auth/sqlservice.login',
};

/** The AlloyDB API has no scope of its own. */
export const alloyDbScopes: Scopes = {
  api: 'https://www.googleapis.com/auth/cloud-platform',
  login: 'https://www.googleapis.com/auth/alloydb.login',
};
