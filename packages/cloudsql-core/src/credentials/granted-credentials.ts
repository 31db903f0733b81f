import { deadline } from '../deadline.ts';
import { cloudSqlError } from '../errors.ts';
import { HttpClient } from '../http-client.ts';
import { publish } from '../telemetry.ts';
import type { FoundGrant } from './application-default.ts';
import { tokenInfo } from './authorized-user.ts';
import type {
  AccessToken,
  Credentials,
  CredentialsExplanation,
  ImpersonationOptions,
  InspectedToken,
  Scopes,
} from './credentials.ts';
import type { Grant, GrantCall, GrantedToken } from './grant.ts';
import { generateAccessTokenUrl, impersonatedGrant } from './impersonation.ts';
import { TokenCache } from './token-cache.ts';
import { checkUniverse, defaultUniverse } from './universe.ts';

/** How long getting a token may take, in milliseconds: programs and slow metadata servers are among the sources. */
const timeoutMs = 60_000;

/** What tokens are made of. */
export interface GrantedCredentialsOptions {
  /** Finds the grant; called at the first use, and again if it failed. */
  readonly find: (call: GrantCall) => Promise<FoundGrant>;
  /** Scopes of the service that the tokens are for. */
  readonly scopes: Scopes;
  readonly universe: string;
  readonly impersonate?: ImpersonationOptions | undefined;
  /** Where the IAM Credentials API is. */
  readonly iamEndpoint: string;
  /** The project for API quota, by option or environment. */
  readonly quotaProject?: string | undefined;
}

/** Gets tokens from whatever source there is, remembers them until shortly before they end, and tells of them. */
export class GrantedCredentials implements Credentials {
  readonly #options: GrantedCredentialsOptions;
  readonly #http: HttpClient = new HttpClient();
  readonly #life: AbortController = new AbortController();
  readonly #api: TokenCache<GrantedToken>;
  readonly #login: TokenCache<GrantedToken>;
  #found: Promise<FoundGrant> | undefined;
  #email: { readonly found: FoundGrant; readonly address: Promise<string | undefined> } | undefined;
  #announced = false;

  constructor(options: GrantedCredentialsOptions) {
    this.#options = options;
    this.#api = new TokenCache(() => this.#within((call) => this.#token('API', call)));
    this.#login = new TokenCache(() => this.#within((call) => this.#token('LOGIN', call)));
  }

  async apiToken(): Promise<AccessToken> {
    await this.#lookAgain();
    return this.#api.get();
  }

  async loginToken(): Promise<AccessToken> {
    await this.#lookAgain();
    return this.#login.get();
  }

  async inspectLogin(): Promise<InspectedToken> {
    const { token, expiresAt, scopes } = await this.#login.get();
    return this.#within(async (call) => {
      const { infoUrl } = (await this.#grant(call)).grant;
      const url = infoUrl ?? (call.universe === defaultUniverse && `https://oauth2.${defaultUniverse}/tokeninfo`);
      if (!url) return { token, expiresAt, scopes, checked: false, principal: undefined };
      const { scope, exp, email } = await tokenInfo(url, { token }, call);
      return {
        token,
        expiresAt: Number(exp) * 1000 || expiresAt,
        scopes: String(scope ?? '').split(' '),
        checked: true,
        principal: typeof email === 'string' ? email : undefined,
      };
    });
  }

  async email(): Promise<string | undefined> {
    const found = await this.#within((call) => this.#grant(call));
    if (this.#email?.found === found) return this.#email.address;
    const address = this.#within((call) => found.grant.email(() => this.apiToken(), call));
    const asked = { found, address };
    this.#email = asked;
    address.catch(() => {
      if (this.#email === asked) this.#email = undefined;
    });
    return address;
  }

  async quotaProject(): Promise<string | undefined> {
    return this.#options.quotaProject ?? (await this.#within((call) => this.#grant(call))).grant.quotaProject;
  }

  async explain(): Promise<CredentialsExplanation> {
    const { grant, source } = await this.#within((call) => this.#grant(call));
    const [api, login, principal] = await Promise.all([
      this.#api.get(),
      grant.login === false ? undefined : this.#login.get(),
      this.email(),
    ]);
    return Object.freeze({
      kind: grant.kind,
      source,
      principal,
      impersonates: grant.impersonates ?? [],
      quotaProject: this.#options.quotaProject ?? grant.quotaProject,
      universeDomain: this.#options.universe,
      apiScopes: api.scopes,
      loginScopes: login?.scopes,
      loginTokenNarrowed: login?.narrowed ?? 'NONE',
      note: login?.note,
    });
  }

  refused(token: string): void {
    for (const cache of [this.#api, this.#login]) cache.forget(token);
  }

  close(reason: Error): void {
    this.#life.abort(reason);
    this.#http.close();
  }

  async #token(use: 'API' | 'LOGIN', call: GrantCall): Promise<GrantedToken> {
    const { grant, source } = await this.#grant(call);
    const token = await grant.token(use, call);
    if (use === 'LOGIN' && !this.#announced) {
      this.#announced = true;
      publish('credentials', { kind: grant.kind, source, loginTokenNarrowed: token.narrowed, note: token.note });
    }
    return token;
  }

  async #grant(call: GrantCall): Promise<FoundGrant> {
    const pending = this.#once(() => this.#find(call));
    const found = await pending;
    if (!(await found.changed?.())) return found;
    if (this.#found === pending) this.#found = undefined;
    // A file that is being written cannot be read; what it held before is good until it can.
    const now = await this.#once(() => this.#find(call).catch(() => found));
    if (now !== found) for (const cache of [this.#api, this.#login]) cache.forget();
    return now;
  }

  /** Drops remembered tokens where the file that they come from is another one now. */
  async #lookAgain(): Promise<void> {
    const found = await this.#found?.catch(() => undefined);
    if (await found?.changed?.()) await this.#within((call) => this.#grant(call));
  }

  #once(find: () => Promise<FoundGrant>): Promise<FoundGrant> {
    this.#found ??= find();
    const pending = this.#found;
    pending.catch(() => {
      if (this.#found === pending) this.#found = undefined;
    });
    return pending;
  }

  async #find(call: GrantCall): Promise<FoundGrant> {
    const { find, universe, impersonate, iamEndpoint, quotaProject } = this.#options;
    const found = await find(call);
    const { grant, source } = found;
    checkUniverse(grant.universe, universe);
    if (!impersonate) return found;
    const { target } = impersonate;
    return {
      ...found,
      grant: impersonatedGrant(grant, {
        ...impersonate,
        url: generateAccessTokenUrl(iamEndpoint, target),
        quotaProject: quotaProject ?? grant.quotaProject,
      }),
      source: `${source}, acting as ${target} because of the option \`impersonate\``,
    };
  }

  /** Callers share what this does, so that its limits are its own and not those of one of them. */
  async #within<T>(work: (call: GrantCall) => Promise<T>): Promise<T> {
    const late = (): Error =>
      cloudSqlError('CLOUDSQL_TOKEN_FAILED', `The credentials gave nothing within ${timeoutMs} ms`);
    const limit = deadline(timeoutMs, late, this.#life.signal);
    try {
      const { scopes, universe } = this.#options;
      return await work({ http: this.#http, scopes, universe, signal: limit.signal });
    } finally {
      limit.clear();
    }
  }
}

/** A grant that is at hand. */
export function foundGrant(grant: Grant, source: string): () => Promise<FoundGrant> {
  return async () => ({ grant, source });
}
