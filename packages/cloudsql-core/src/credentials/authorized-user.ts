import { cloudSqlError } from '../errors.ts';
import { jsonObject } from '../http-client.ts';
import { type CredentialJson, googleUrl, optionalText, requiredText } from './credential-fields.ts';
import { type AccessToken, cloudSqlScopes, platformScope } from './credentials.ts';
import { type Grant, type GrantCall, narrowToken, scopeOf } from './grant.ts';
import { oauthErrorOf, requestToken, unreachableEndpoint } from './token-request.ts';
import { defaultUniverse } from './universe.ts';

/**
 * What `gcloud auth application-default login` writes: a refresh token. It is traded here and not by
 * google-auth-library, which never names scopes, so that its login tokens would open all of Google Cloud.
 */
export function authorizedUserGrant(json: CredentialJson): Grant {
  const form = {
    grant_type: 'refresh_token',
    client_id: requiredText(json, 'client_id'),
    client_secret: requiredText(json, 'client_secret'),
    refresh_token: requiredText(json, 'refresh_token'),
  };
  const url = googleUrl(json, 'token_uri', `https://oauth2.${defaultUniverse}/token`);
  const infoUrl = googleUrl(json, 'token_info_url', new URL('/tokeninfo', url).href);
  const account = optionalText(json, 'account');
  return {
    kind: 'authorized_user',
    universe: optionalText(json, 'universe_domain') ?? defaultUniverse,
    quotaProject: optionalText(json, 'quota_project_id'),
    infoUrl,
    email: async (apiToken, call) => account ?? (await emailOfToken(infoUrl, await apiToken(), call)),
    async token(use, call) {
      const scope = scopeOf(use, call);
      if (use === 'LOGIN') {
        try {
          return narrowToken(use, call, await requestToken({ url, form: { ...form, scope } }, call));
        } catch (error) {
          if (oauthErrorOf(error) !== 'invalid_scope') throw error;
        }
      }
      // Whole, because a user consents to cloud-platform and not to the scope of one API.
      const token = await requestToken({ url, form }, call);
      if (use !== 'LOGIN') return { ...token, narrowed: 'NO' };
      // gcloud asks for the scope of Cloud SQL by itself, for that of AlloyDB only if told to.
      const flag = scope === cloudSqlScopes.login ? '' : ` --scopes=${platformScope},${scope}`;
      const note = `The user has not consented to ${scope}: run \`gcloud auth application-default login${flag}\` again.`;
      return { ...token, narrowed: 'NO', note };
    },
  };
}

/** Asks Google whose token it is; undefined where it may not say. */
export async function emailOfToken(url: string, token: AccessToken, call: GrantCall): Promise<string | undefined> {
  const info = await tokenInfo(url, token, call);
  return typeof info.email === 'string' ? info.email : undefined;
}

/** What Google says of a token. In the body, because URLs end up in logs. */
export async function tokenInfo(
  url: string,
  { token }: Pick<AccessToken, 'token'>,
  call: GrantCall,
): Promise<Record<string, unknown>> {
  const answer = await call.http.call(
    {
      method: 'POST',
      url,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ access_token: token }).toString(),
      signal: call.signal,
    },
    {
      refusal: ({ status }) =>
        cloudSqlError('CLOUDSQL_TOKEN_FAILED', `${new URL(url).host} answered ${status} when asked whose token it is`, {
          retryable: status >= 500 || status === 429,
        }),
      unreachable: (cause) => unreachableEndpoint(url, cause),
    },
  );
  return jsonObject(answer.text) ?? {};
}
