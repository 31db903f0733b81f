import { type CloudSqlError, cloudSqlError } from '../errors.ts';
import type { HttpAnswer } from '../http.ts';
import { jsonObject } from '../http-client.ts';
import type { ImpersonationOptions } from './credentials.ts';
import { type Grant, type GrantCall, type GrantedToken, narrowToken, scopeOf, type TokenUse } from './grant.ts';
import { unreachableEndpoint } from './token-request.ts';

/** Whom to act as, and where to ask for it. */
export interface Impersonation extends ImpersonationOptions {
  /** URL of `generateAccessToken` for the target. */
  readonly url: string;
  /** @default 3600 */
  readonly lifetimeSeconds?: number;
  /** Sent as x-goog-user-project. */
  readonly quotaProject?: string | undefined;
}

/** URL of the method that gives tokens of a service account. */
export function generateAccessTokenUrl(endpoint: string, target: string): string {
  return `${endpoint.replace(/\/$/, '')}/v1/projects/-/serviceAccounts/${encodeURIComponent(target)}:generateAccessToken`;
}

/** Tokens of a service account that another principal may act as, each of exactly the scope that its use needs. */
export function impersonatedGrant(source: Grant, impersonation: Impersonation): Grant {
  const { target, delegates = [] } = impersonation;
  return {
    kind: source.kind,
    universe: source.universe,
    quotaProject: source.quotaProject,
    impersonates: [...(source.impersonates ?? []), ...delegates, target],
    email: async () => target,
    // Whatever gives the source's tokens, this one is of a service account.
    infoUrl: source.infoUrl || undefined,
    async token(use, call) {
      const own = await source.token('IMPERSONATION', call);
      return generateAccessToken(use, own.token, impersonation, call);
    },
  };
}

async function generateAccessToken(
  use: TokenUse,
  bearer: string,
  { url, target, delegates = [], lifetimeSeconds = 3600, quotaProject }: Impersonation,
  call: GrantCall,
): Promise<GrantedToken> {
  const answer = await call.http.call(
    {
      method: 'POST',
      url,
      headers: {
        Authorization: `Bearer ${bearer}`,
        'Content-Type': 'application/json',
        ...(quotaProject ? { 'X-Goog-User-Project': quotaProject } : {}),
      },
      body: JSON.stringify({
        scope: [scopeOf(use, call)],
        delegates: delegates.map((email) => `projects/-/serviceAccounts/${email}`),
        lifetime: `${lifetimeSeconds}s`,
      }),
      signal: call.signal,
    },
    {
      refusal: (refused) => refusal(url, target, refused),
      unreachable: (cause) => unreachableEndpoint(url, cause),
    },
  );
  const { accessToken, expireTime } = jsonObject(answer.text) ?? {};
  const expiresAt = typeof expireTime === 'string' ? Date.parse(expireTime) : Number.NaN;
  if (typeof accessToken === 'string' && accessToken !== '' && Number.isFinite(expiresAt)) {
    return narrowToken(use, call, { token: accessToken, expiresAt });
  }
  throw cloudSqlError('CLOUDSQL_TOKEN_FAILED', `${new URL(url).host} answered without a token for ${target}`);
}

function refusal(url: string, target: string, { status, text }: HttpAnswer): CloudSqlError {
  const error = (jsonObject(text)?.error ?? {}) as { message?: unknown; details?: { reason?: string }[] };
  const said = typeof error.message === 'string' ? `: ${error.message.slice(0, 300).replace(/\.$/, '')}` : '';
  const what = `${new URL(url).host} gave no token for ${target}, it answered ${status}${said}`;
  const details = Array.isArray(error.details) ? error.details : [];
  if (details.some(({ reason }) => reason === 'SERVICE_DISABLED')) {
    return cloudSqlError('CLOUDSQL_API_DISABLED', what, {
      remedy: 'Run `gcloud services enable iamcredentials.googleapis.com` for the project that the message names.',
    });
  }
  if (status === 403 || status === 404) return cloudSqlError('CLOUDSQL_IMPERSONATION_DENIED', what);
  return cloudSqlError('CLOUDSQL_TOKEN_FAILED', what, { retryable: status >= 500 || status === 429 });
}
