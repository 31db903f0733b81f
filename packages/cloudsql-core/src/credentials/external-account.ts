import { ConfigError } from '../errors.ts';
import { type CredentialJson, googleUrl, invalidCredentials, optionalText, requiredText } from './credential-fields.ts';
import { type Grant, narrowToken, scopeOf } from './grant.ts';
import { impersonatedGrant } from './impersonation.ts';
import { subjectTokenSource } from './subject-token.ts';
import { requestToken } from './token-request.ts';
import { defaultUniverse } from './universe.ts';

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';

/** Workload or workforce identity federation: Google exchanges the token of another identity provider for its own. */
export function externalAccountGrant(json: CredentialJson): Grant {
  if (!json.trusted) {
    throw new ConfigError('CLOUDSQL_UNTRUSTED_CREDENTIALS', `${json.where} is of the type external_account`, {
      remedy: 'It can name files, URLs and programs. If the JSON is yours, set `trustExternalAccount: true` beside it.',
    });
  }
  const audience = requiredText(json, 'audience');
  const subjectTokenType = requiredText(json, 'subject_token_type');
  const universe = optionalText(json, 'universe_domain') ?? defaultUniverse;
  const url = googleUrl(json, 'token_url', `https://sts.${json.universe}/v1/token`);
  const impersonationUrl = optionalText(json, 'service_account_impersonation_url');
  const headers = clientAuthentication(json);
  const project = optionalText(json, 'workforce_pool_user_project');
  const subjectToken = subjectTokenSource(json);
  const federated: Grant = {
    kind: 'external_account',
    universe,
    quotaProject: optionalText(json, 'quota_project_id'),
    // A federated principal has no e-mail address.
    email: async () => undefined,
    infoUrl: false,
    async token(use, call) {
      const form = {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        audience,
        scope: scopeOf(use, call),
        requested_token_type: accessTokenType,
        subject_token: await subjectToken(call),
        subject_token_type: subjectTokenType,
        options: project && !headers ? JSON.stringify({ userProject: project }) : undefined,
      };
      return narrowToken(use, call, await requestToken({ url, form, ...(headers ? { headers } : {}) }, call));
    },
  };
  if (impersonationUrl === undefined) return federated;
  return impersonatedGrant(federated, impersonationOf(json, 'service_account_impersonation_url'));
}

/** What `gcloud auth application-default login --login-config` writes: the refresh token of a federated user. */
export function externalAuthorizedUserGrant(json: CredentialJson): Grant {
  const url = googleUrl(json, 'token_url');
  const refreshToken = requiredText(json, 'refresh_token');
  const headers = clientAuthentication(json) ?? {};
  return {
    kind: 'external_account_authorized_user',
    universe: optionalText(json, 'universe_domain') ?? defaultUniverse,
    quotaProject: optionalText(json, 'quota_project_id'),
    email: async () => undefined,
    infoUrl: false,
    async token(_, call) {
      const form = { grant_type: 'refresh_token', refresh_token: refreshToken };
      const note = 'The refresh tokens of federated users cannot be narrowed.';
      return { ...(await requestToken({ url, form, headers }, call)), narrowed: 'NO', note };
    },
  };
}

/** Reads whom a URL of `generateAccessToken` is about, and how. */
export function impersonationOf(json: CredentialJson, field: string): Parameters<typeof impersonatedGrant>[1] {
  const url = googleUrl(json, field);
  const target = /\/serviceAccounts\/([^/]+):generateAccessToken$/.exec(new URL(url).pathname)?.[1];
  if (target === undefined) throw invalidCredentials(json, `the field \`${field}\` names no service account`);
  const options = json.fields.service_account_impersonation as { token_lifetime_seconds?: unknown } | undefined;
  const seconds = options?.token_lifetime_seconds;
  return {
    url,
    target: decodeURIComponent(target),
    ...(typeof seconds === 'number' ? { lifetimeSeconds: seconds } : {}),
  };
}

function clientAuthentication(json: CredentialJson): Record<string, string> | undefined {
  const id = optionalText(json, 'client_id');
  if (id === undefined) return undefined;
  const secret = optionalText(json, 'client_secret') ?? '';
  return { Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` };
}
