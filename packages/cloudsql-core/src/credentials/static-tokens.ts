import { waitOrAbort } from '../deadline.ts';
import { ConfigError, cloudSqlError } from '../errors.ts';
import type { TokenSource } from './credentials.ts';
import type { Grant, GrantCall, GrantedToken } from './grant.ts';

const note = 'The caller passes `loginToken`; what it is good for is not known here.';

/** Tokens that the caller keeps fresh. */
export function staticTokenGrant(accessToken: TokenSource, loginToken: TokenSource | undefined): Grant {
  return {
    kind: 'access_token',
    universe: undefined,
    quotaProject: undefined,
    ...(loginToken === undefined ? { login: false as const } : {}),
    email: async () => undefined,
    async token(use, call) {
      if (use !== 'LOGIN') return read('credentials.accessToken', accessToken, call);
      if (loginToken !== undefined) return { ...(await read('credentials.loginToken', loginToken, call)), note };
      throw new ConfigError(
        'CLOUDSQL_NO_CREDENTIALS',
        'This login needs `credentials.loginToken` beside `accessToken`',
        { remedy: `Pass a token of the scope ${call.scopes.login}: the one for the APIs is not sent to databases.` },
      );
    },
  };
}

async function read(option: string, source: TokenSource, { signal }: GrantCall): Promise<GrantedToken> {
  let token: string;
  try {
    token = typeof source === 'function' ? await waitOrAbort(Promise.resolve(source()), signal) : source;
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    throw cloudSqlError('CLOUDSQL_TOKEN_FAILED', `The function \`${option}\` failed`, {
      cause,
      remedy: 'The cause says why.',
    });
  }
  // Read from a file, it may end with a line break, which no header may have.
  const text = typeof token === 'string' ? token.trim() : '';
  if (/^[!-~]+$/.test(text)) {
    return { token: text, expiresAt: undefined, scopes: undefined, narrowed: 'NO', keep: false };
  }
  const isFunction = typeof source === 'function';
  const what = isFunction ? `The function \`${option}\` returned no token` : `The option \`${option}\` holds no token`;
  throw cloudSqlError('CLOUDSQL_TOKEN_FAILED', what, {
    retryable: false,
    remedy: isFunction ? 'Have it return a string, or reject.' : 'A token has neither spaces nor line breaks.',
  });
}
