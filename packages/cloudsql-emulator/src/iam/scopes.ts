/** Scope that opens every Google Cloud API. */
export const CLOUD_PLATFORM_SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

/**
 * Scopes that a user of gcloud has consented to, and so all that a refresh token can be traded for.
 * Source: https://cloud.google.com/sdk/gcloud/reference/auth/application-default/login
 */
export const CONSENTED_SCOPES: readonly string[] = [
  'openid',
  'https://www.googleapis.com/auth/userinfo.email',
  CLOUD_PLATFORM_SCOPE,
  'https://www.googleapis.com/auth/sqlservice.login',
];

const ADMIN_SCOPES = ['https://www.googleapis.com/auth/sqlservice.admin', CLOUD_PLATFORM_SCOPE];
const CLOUD_SQL_LOGIN_SCOPES = ['https://www.googleapis.com/auth/sqlservice.login', CLOUD_PLATFORM_SCOPE];
const ALLOYDB_LOGIN_SCOPES = ['https://www.googleapis.com/auth/alloydb.login', CLOUD_PLATFORM_SCOPE];

/** Tells whether a token may call the Cloud SQL Admin API. */
export function mayCallAdminApi(scopes: readonly string[]): boolean {
  return scopes.some((scope) => ADMIN_SCOPES.includes(scope));
}

/** Tells whether a token may call the AlloyDB API, which has no scope of its own. */
export function mayCallAlloyDbApi(scopes: readonly string[]): boolean {
  return scopes.includes(CLOUD_PLATFORM_SCOPE);
}

/** Tells whether a token may be used to log in to a database of Cloud SQL. */
export function mayLogInToCloudSql(scopes: readonly string[]): boolean {
  return scopes.some((scope) => CLOUD_SQL_LOGIN_SCOPES.includes(scope));
}

/** Tells whether a token may be used to log in to a database of AlloyDB. */
export function mayLogInToAlloyDb(scopes: readonly string[]): boolean {
  return scopes.some((scope) => ALLOYDB_LOGIN_SCOPES.includes(scope));
}

/** Tells whether a token may ask for tokens of service accounts. */
export function mayImpersonate(scopes: readonly string[]): boolean {
  return scopes.some((scope) => [CLOUD_PLATFORM_SCOPE, 'https://www.googleapis.com/auth/iam'].includes(scope));
}

/** Splits a scope parameter at blanks or commas; an empty one means {@link CLOUD_PLATFORM_SCOPE}. */
export function parseScopes(text: string | null | undefined): readonly string[] {
  const scopes = (text ?? '').split(/[\s,]+/).filter((scope) => scope !== '');
  return scopes.length > 0 ? scopes : [CLOUD_PLATFORM_SCOPE];
}
