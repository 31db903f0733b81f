import type { AuthClient, GoogleAuth } from 'google-auth-library';
import { cloudSqlError } from '../errors.ts';
import type { AccessToken, Credentials, Scopes } from './credentials.ts';

/** Where google-auth-library is to take credentials from; Application Default Credentials if nothing is set. */
interface GoogleSource {
  readonly keyFile?: string;
  readonly client?: AuthClient;
  // biome-ignore lint/suspicious/noExplicitAny: whatever client the caller's GoogleAuth makes
  readonly auth?: GoogleAuth<any>;
}

/** The parts of the various auth clients that say who they are. */
interface Identified {
  readonly email?: string;
  getTargetPrincipal?(): string;
  getServiceAccountEmail?(): string | null;
  getTokenInfo?(token: string): Promise<{ email?: string }>;
}

/** Credentials of google-auth-library, which is loaded at the first token. */
export class GoogleCredentials implements Credentials {
  readonly #source: GoogleSource;
  readonly #scopes: Scopes;
  #own: Promise<{ api: GoogleAuth; login: GoogleAuth }> | undefined;

  constructor(source: GoogleSource, scopes: Scopes) {
    this.#source = source;
    this.#scopes = scopes;
  }

  async apiToken(): Promise<AccessToken> {
    return readToken(await this.#client('api'));
  }

  async loginToken(): Promise<AccessToken> {
    return readToken(await this.#client('login'));
  }

  async email(): Promise<string | undefined> {
    const client = (await this.#client('api')) as AuthClient & Identified;
    const known = client.email ?? client.getTargetPrincipal?.() ?? client.getServiceAccountEmail?.();
    if (known) return known;
    if (isCompute(client)) return this.#metadataEmail();
    return emailOfToken(client);
  }

  async quotaProject(): Promise<string | undefined> {
    return (await this.#client('api')).quotaProjectId;
  }

  async #client(use: 'api' | 'login'): Promise<AuthClient> {
    const { client, auth } = this.#source;
    if (client) return client;
    try {
      return await (auth ?? (await this.#auths())[use]).getClient();
    } catch (cause) {
      const { message } = cause as Error;
      throw cloudSqlError('CLOUDSQL_NO_CREDENTIALS', `Google credentials could not be loaded: ${firstLine(message)}`, {
        cause,
      });
    }
  }

  /** Two of them, because a client has one set of scopes for its whole life. */
  #auths(): Promise<{ api: GoogleAuth; login: GoogleAuth }> {
    this.#own ??= import('google-auth-library').then(({ GoogleAuth }) => {
      const { keyFile } = this.#source;
      // A project id keeps the library from starting gcloud to look for one; nothing here uses it.
      const options = { projectId: 'unused', ...(keyFile ? { keyFile } : {}) };
      return {
        api: new GoogleAuth({ ...options, scopes: this.#scopes.api }),
        login: new GoogleAuth({ ...options, scopes: this.#scopes.login }),
      };
    });
    return this.#own;
  }

  async #metadataEmail(): Promise<string | undefined> {
    // A bare Compute client does not say for which of the machine's accounts it speaks.
    if (this.#source.client) return undefined;
    const auth = this.#source.auth ?? (await this.#auths()).api;
    const { client_email } = await auth.getCredentials();
    return client_email;
  }
}

/** By name, because the class cannot be imported without loading the library a second time. */
function isCompute(client: AuthClient): boolean {
  return 'serviceAccountEmail' in client && 'scopes' in client && !('key' in client);
}

async function emailOfToken(client: AuthClient & Identified): Promise<string | undefined> {
  if (!client.getTokenInfo) return undefined;
  const { token } = await readToken(client);
  // Tokens without the scope userinfo.email do not say; then the caller asks for the option `user`.
  const info = await client.getTokenInfo(token).catch(() => undefined);
  return info?.email;
}

async function readToken(client: AuthClient): Promise<AccessToken> {
  let token: string | null | undefined;
  try {
    ({ token } = await client.getAccessToken());
  } catch (cause) {
    throw cloudSqlError('CLOUDSQL_TOKEN_FAILED', `No access token: ${firstLine((cause as Error).message)}`, { cause });
  }
  if (!token) throw cloudSqlError('CLOUDSQL_TOKEN_FAILED', 'The credentials returned no access token');
  return { token, expiresAt: client.credentials.expiry_date ?? undefined };
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0]!.replace(/\.$/, '');
}
