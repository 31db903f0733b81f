import type { AuthClient, GoogleAuth } from 'google-auth-library';
import { waitOrAbort } from '../deadline.ts';
import { ConfigError, cloudSqlError } from '../errors.ts';
import type { AccessToken } from './credentials.ts';
import type { Grant, GrantCall } from './grant.ts';

/** A token with less time left than this is asked for again before it is believed, in milliseconds. */
const nearlyExpiredMs = 60_000;

/** The parts of the various auth clients that say who they are. */
interface Identified {
  readonly email?: string;
  readonly universeDomain?: string;
  getTargetPrincipal?(): string;
  getServiceAccountEmail?(): string | null;
  getTokenInfo?(token: string): Promise<{ email?: string }>;
  refreshAccessToken?(): Promise<unknown>;
}

const note = "An AuthClient has one set of scopes for all its tokens: the caller's own.";

/** A client of google-auth-library that the caller has made, or has its GoogleAuth make. */
export async function authClientGrant(
  source: { readonly client: AuthClient } | { readonly auth: GoogleAuth },
  { signal }: GrantCall,
): Promise<Grant> {
  refuseUncheckedTls();
  const client = ('client' in source
    ? source.client
    : await loaded(waitOrAbort(source.auth.getClient(), signal), signal)) as unknown as AuthClient & Identified;
  const compute = isCompute(client);
  return {
    kind: client.constructor?.name || 'AuthClient',
    universe: compute || typeof client.universeDomain !== 'string' ? undefined : client.universeDomain,
    quotaProject: client.quotaProjectId,
    async email(_, call) {
      const known = client.email ?? client.getTargetPrincipal?.() ?? client.getServiceAccountEmail?.();
      if (known) return known;
      if (!compute) return emailOfToken(client, call.signal);
      // A bare Compute client does not say for which of the machine's accounts it speaks.
      return 'auth' in source
        ? (await loaded(waitOrAbort(source.auth.getCredentials(), call.signal), call.signal)).client_email
        : undefined;
    },
    async token(_, call) {
      const token = await readToken(client, call.signal);
      return { ...token, scopes: undefined, narrowed: 'NO', note, keep: false };
    },
  };
}

/** The caller's client sends its secrets by its own HTTP stack, which is not ours to change. */
function refuseUncheckedTls(): void {
  if (process.env.NODE_TLS_REJECT_UNAUTHORIZED !== '0') return;
  const what = 'NODE_TLS_REJECT_UNAUTHORIZED=0 makes the AuthClient send its secrets to unchecked servers';
  throw new ConfigError('CLOUDSQL_UNCHECKED_TLS', what);
}

/** By shape, because the class cannot be imported without loading the library a second time. */
function isCompute(client: AuthClient): boolean {
  return 'serviceAccountEmail' in client && 'scopes' in client && !('key' in client);
}

async function loaded<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await promise;
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    const why = firstLine(cause);
    const what = `Google credentials could not be loaded: ${why}`;
    throw cloudSqlError('CLOUDSQL_NO_CREDENTIALS', what, { cause: withoutRequest(cause) });
  }
}

async function emailOfToken(client: AuthClient & Identified, signal: AbortSignal): Promise<string | undefined> {
  if (!client.getTokenInfo) return undefined;
  const { token } = await readToken(client, signal);
  // Tokens without the scope userinfo.email do not say; then the caller asks for the option `user`.
  return (await waitOrAbort(client.getTokenInfo(token), signal).catch(() => undefined))?.email;
}

async function readToken(client: AuthClient & Identified, signal: AbortSignal): Promise<AccessToken> {
  refuseUncheckedTls();
  const read = async (): Promise<AccessToken> => {
    let token: string | null | undefined;
    try {
      ({ token } = await waitOrAbort(client.getAccessToken(), signal));
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      const what = `The AuthClient gave no access token: ${firstLine(cause)}`;
      throw cloudSqlError('CLOUDSQL_TOKEN_FAILED', what, { cause: withoutRequest(cause) });
    }
    if (!token) throw cloudSqlError('CLOUDSQL_TOKEN_FAILED', 'The AuthClient returned no access token');
    return { token, expiresAt: client.credentials?.expiry_date ?? undefined };
  };
  const first = await read();
  if ((first.expiresAt ?? Number.POSITIVE_INFINITY) - Date.now() > nearlyExpiredMs) return first;
  // A certificate with this token in it would be useless at once, and the next, and the next.
  await waitOrAbort(Promise.resolve(client.refreshAccessToken?.()), signal).catch(() => undefined);
  const second = await read();
  if ((second.expiresAt ?? Number.POSITIVE_INFINITY) > Date.now()) return second;
  throw cloudSqlError('CLOUDSQL_TOKEN_FAILED', 'The AuthClient returned an access token that has expired', {
    remedy: 'Give it credentials that it can refresh, or check the clock of this machine.',
  });
}

/** The library's errors carry the whole request, secrets included. */
function withoutRequest(cause: unknown): Error {
  const { name, code, stack } = cause as Error & { code?: unknown };
  return Object.assign(new Error(firstLine(cause)), { name, code, stack: cause instanceof SyntaxError ? name : stack });
}

function firstLine(cause: unknown): string {
  // The message of a failed JSON.parse shows a piece of what it was given, which is a key file as a rule.
  if (cause instanceof SyntaxError) return 'they are not valid JSON';
  return String((cause as Error).message)
    .split('\n', 1)[0]!
    .slice(0, 300)
    .replace(/\.$/, '');
}
