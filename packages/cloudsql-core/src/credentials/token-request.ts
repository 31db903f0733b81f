import { type CloudSqlError, cloudSqlError } from '../errors.ts';
import type { HttpAnswer } from '../http.ts';
import { isUntrustedServer, jsonObject } from '../http-client.ts';
import type { AccessToken } from './credentials.ts';
import type { GrantCall } from './grant.ts';

/** One request to an OAuth token endpoint. */
export interface TokenRequest {
  readonly url: string;
  readonly form: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer of a token endpoint: the token, and the scopes where it names them. */
export interface TokenAnswer extends AccessToken {
  readonly scopes: readonly string[] | undefined;
}

/** Remembers the OAuth error code of a refused request, which is not for users. */
const oauthErrors: WeakMap<CloudSqlError, string> = new WeakMap();

/** Why the token endpoint refused, in OAuth's words: `invalid_grant`, `invalid_scope`, … */
export function oauthErrorOf(error: unknown): string | undefined {
  return oauthErrors.get(error as CloudSqlError);
}

/** Asks a token endpoint for a token. @throws RefreshError `CLOUDSQL_TOKEN_FAILED` */
export async function requestToken({ url, form, headers }: TokenRequest, call: GrantCall): Promise<TokenAnswer> {
  const parameters = Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const request = {
    method: 'POST' as const,
    url,
    headers: { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(parameters).toString(),
    signal: call.signal,
  };
  const answer = await call.http.call(request, {
    refusal: (refused) => refusal(url, refused, parameters),
    unreachable: (cause) => unreachableEndpoint(url, cause),
  });
  const { access_token, expires_in, scope } = jsonObject(answer.text) ?? {};
  if (typeof access_token !== 'string' || access_token === '') {
    throw cloudSqlError('CLOUDSQL_TOKEN_FAILED', `${new URL(url).host} answered without a token`);
  }
  return {
    token: access_token,
    expiresAt: Number.isFinite(Number(expires_in ?? Number.NaN)) ? Date.now() + Number(expires_in) * 1000 : undefined,
    scopes: typeof scope === 'string' && scope !== '' ? scope.split(' ') : undefined,
  };
}

/** The error for an endpoint that gave no answer. */
export function unreachableEndpoint(url: string, cause: Error): CloudSqlError {
  const { host, hostname } = new URL(url);
  return cloudSqlError('CLOUDSQL_TOKEN_FAILED', `${host} cannot be reached: ${cause.message}`, {
    cause,
    ...(isUntrustedServer(cause)
      ? {
          retryable: false,
          remedy: 'Another server answers. If it is a proxy of yours, name its CA in NODE_EXTRA_CA_CERTS.',
        }
      : { remedy: `Allow egress to ${hostname}, or set HTTPS_PROXY.` }),
  });
}

function refusal(url: string, { status, text }: HttpAnswer, sent: readonly [string, string][]): CloudSqlError {
  const { error, error_description } = jsonObject(text) ?? {};
  const said = [error, error_description].filter((part) => typeof part === 'string' && part !== '').join(': ');
  // Servers have been seen to repeat what they were sent.
  const shown = sent.reduce((left, [name, value]) => (isPublic(name) ? left : left.replaceAll(value, '…')), said);
  const what = `${new URL(url).host} answered ${status}${shown ? `: ${shown.slice(0, 300).replace(/\.$/, '')}` : ''}`;
  const failure = cloudSqlError('CLOUDSQL_TOKEN_FAILED', what, { retryable: status >= 500 || status === 429 });
  if (typeof error === 'string') oauthErrors.set(failure, error);
  return failure;
}

function isPublic(name: string): boolean {
  return ['grant_type', 'scope', 'audience', 'requested_token_type', 'subject_token_type', 'options'].includes(name);
}
