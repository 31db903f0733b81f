import { ConfigError, cloudSqlError } from '../errors.ts';
import type { AccessToken, CredentialSource, Credentials, Scopes, TokenSource } from './credentials.ts';
import { GoogleCredentials } from './google-credentials.ts';

/**
 * Turns the option `credentials` into credentials. Checks its form and nothing more: no file is read here.
 * @throws ConfigError `CLOUDSQL_INVALID_OPTION`, `CLOUDSQL_CONFLICTING_OPTIONS`, `CLOUDSQL_UNKNOWN_OPTION`
 */
export function createCredentials(source: CredentialSource | undefined, scopes: Scopes): Credentials {
  if (source === undefined) return new GoogleCredentials({}, scopes);
  if (typeof source !== 'object' || source === null) throw invalid();
  if ('getClient' in source) return new GoogleCredentials({ auth: source }, scopes);
  if ('getRequestHeaders' in source) return new GoogleCredentials({ client: source }, scopes);
  const keys = Object.keys(source);
  if ('keyFile' in source) {
    if (keys.length > 1) throw conflicting(keys);
    if (typeof source.keyFile !== 'string' || source.keyFile === '') throw invalid('credentials.keyFile');
    return new GoogleCredentials({ keyFile: source.keyFile }, scopes);
  }
  if ('accessToken' in source) {
    const other = keys.find((key) => key !== 'accessToken' && key !== 'loginToken');
    if (other !== undefined) throw conflicting(keys);
    return tokenCredentials(source.accessToken, source.loginToken, scopes);
  }
  throw invalid();
}

function tokenCredentials(accessToken: TokenSource, loginToken: TokenSource | undefined, scopes: Scopes): Credentials {
  checkToken('credentials.accessToken', accessToken);
  if (loginToken !== undefined) checkToken('credentials.loginToken', loginToken);
  return {
    apiToken: () => read(accessToken),
    loginToken() {
      if (loginToken !== undefined) return read(loginToken);
      throw new ConfigError(
        'CLOUDSQL_NO_CREDENTIALS',
        'This login needs `credentials.loginToken` beside `accessToken`',
        {
          remedy: `Pass a token of the scope ${scopes.login}: the one for the APIs is not sent to databases.`,
        },
      );
    },
    email: async () => undefined,
    quotaProject: async () => undefined,
  };
}

async function read(source: TokenSource): Promise<AccessToken> {
  try {
    const token = typeof source === 'function' ? await source() : source;
    if (typeof token === 'string' && token !== '') return { token, expiresAt: undefined };
  } catch (cause) {
    throw cloudSqlError('CLOUDSQL_TOKEN_FAILED', 'The function in `credentials` failed', { cause });
  }
  throw cloudSqlError('CLOUDSQL_TOKEN_FAILED', 'The function in `credentials` returned no token', { retryable: false });
}

function checkToken(option: string, value: unknown): void {
  if (typeof value !== 'function' && (typeof value !== 'string' || value === '')) throw invalid(option);
}

function invalid(option = 'credentials'): ConfigError {
  return new ConfigError('CLOUDSQL_INVALID_OPTION', `The option \`${option}\` is not one that can be used`, {
    remedy:
      'Pass { keyFile }, { accessToken, loginToken }, an AuthClient or a GoogleAuth, or leave it out for Application Default Credentials.',
  });
}

function conflicting(keys: readonly string[]): ConfigError {
  return new ConfigError(
    'CLOUDSQL_CONFLICTING_OPTIONS',
    `The option \`credentials\` has ${keys.map((k) => `\`${k}\``).join(' and ')}`,
    {
      remedy: 'Name one source.',
    },
  );
}
