import type { AuthClient, GoogleAuth } from 'google-auth-library';

/** An OAuth access token. */
export interface AccessToken {
  readonly token: string;
  /** Wall clock, milliseconds since the epoch; undefined where the source does not say: then it is good forever. */
  readonly expiresAt: number | undefined;
}

/** A token, and what whoever issued it says of it. */
export interface InspectedToken extends AccessToken {
  /** False where nobody can be asked: of federated principals and in other universes. */
  readonly checked: boolean;
  /** Undefined where it was not checked and the source does not say. */
  readonly scopes: readonly string[] | undefined;
  /** E-mail address of the principal; undefined where the token does not tell it. */
  readonly principal: string | undefined;
}

/** Where Google credentials come from. */
export type CredentialSource =
  /** A credentials file of any kind: a service account key, a user's, workload identity federation, … */
  | { readonly keyFile: string }
  /**
   * What such a file holds, as an object or as text. Federation (`external_account`) can name files, URLs and programs
   * to get its tokens from, so it needs `trustExternalAccount: true`: set it only if the JSON is yours.
   */
  | { readonly json: string | object; readonly trustExternalAccount?: boolean }
  /** Tokens that the caller keeps fresh: one for the APIs, one (scope sqlservice.login or alloydb.login) for logins. */
  | { readonly accessToken: TokenSource; readonly loginToken?: TokenSource }
  /** The account that the gcloud CLI is logged in with. */
  | { readonly gcloud: true }
  | AuthClient
  // biome-ignore lint/suspicious/noExplicitAny: whatever client the caller's GoogleAuth makes
  | GoogleAuth<any>;

/** A token, or a function that returns the current one. */
export type TokenSource = string | (() => string | Promise<string>);

/** A service account to act as, and the service accounts in between, each of which may act as the next. */
export interface ImpersonationOptions {
  /** E-mail of the service account whose tokens are used. */
  readonly target: string;
  /** E-mails, in order from the first that the credentials may act as. @default none */
  readonly delegates?: readonly string[];
}

/** Which credentials are in use, and what their tokens may do. Holds no secret. */
export interface CredentialsExplanation {
  /** `service_account`, `authorized_user`, `external_account`, `metadata_server`, `gcloud`, … */
  readonly kind: string;
  /** Where the credentials are, and why these: the variable, file or option that decided. */
  readonly source: string;
  /** E-mail address of the principal, where it is known. */
  readonly principal: string | undefined;
  /** The service accounts that are acted as, the last of them being the principal. */
  readonly impersonates: readonly string[];
  /** The project that API quota is charged to. */
  readonly quotaProject: string | undefined;
  readonly universeDomain: string;
  /** Scopes of the token that the APIs get; undefined where the source does not say. */
  readonly apiScopes: readonly string[] | undefined;
  /** Scopes of the token that databases get; undefined where the source does not say. */
  readonly loginScopes: readonly string[] | undefined;
  /**
   * Whether the login token can open databases and nothing else. `'REQUESTED'`: it was asked for, and the source does
   * not tell what it gave. `'NONE'`: there is no login token.
   */
  readonly loginTokenNarrowed: Narrowed | 'NONE';
  /** Why the login token is as it is, where it is not narrowed. */
  readonly note: string | undefined;
}

/** Whether a token was narrowed to the scope that was asked for. */
export type Narrowed = 'YES' | 'REQUESTED' | 'NO';

/** What the rest of core asks of credentials, wherever they come from. */
export interface Credentials {
  /** A token for the admin API. */
  apiToken(): Promise<AccessToken>;
  /** A token that is good for logging in to databases; narrowed to that where the source can express it. */
  loginToken(): Promise<AccessToken>;
  /** What Google says of the login token itself. */
  inspectLogin(): Promise<InspectedToken>;
  /** The e-mail address of the principal, where the source knows it. */
  email(): Promise<string | undefined>;
  /** The project that API quota is charged to, where an option, the environment or the source names one. */
  quotaProject(): Promise<string | undefined>;
  /** Says which credentials these are. Gets both tokens, because only they show what they are good for. */
  explain(): Promise<CredentialsExplanation>;
  /** Says that a token was refused, so that it is not handed out again. */
  refused(token: string): void;
  /** Ends what is under way. */
  close(reason: Error): void;
}

/** What the tokens of one service are good for. */
export interface Scopes {
  /** Scope of the token for the admin API. */
  readonly api: string;
  /** Scope of the login token: it opens databases and nothing else. */
  readonly login: string;
}

/** Scope of everything, which only the IAM Credentials API, the AlloyDB API and the caller's own clients are given. */
export const platformScope = 'https://www.googleapis.com/auth/cloud-platform';

export const cloudSqlScopes: Scopes = {
  api: 'https://www.googleapis.com/auth/sqlservice.admin',
  login: 'https://www.googleapis.com/auth/sqlservice.login',
};

/** The AlloyDB API has no scope of its own. */
export const alloyDbScopes: Scopes = {
  api: platformScope,
  login: 'https://www.googleapis.com/auth/alloydb.login',
};
