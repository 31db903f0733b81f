import type { AccessToken } from '../iam/access-tokens.ts';
import { identifyBearer } from '../iam/credentials.ts';
import type { IdentityServices } from '../iam/identity-services.ts';
import { CONSENTED_SCOPES, parseScopes } from '../iam/scopes.ts';
import { bearerOf } from './bearer.ts';
import { oauthError } from './google-error.ts';
import type { ApiRequest, ApiResponse, Route } from './http-types.ts';
import { parseParameters } from './request-body.ts';

/** What the OAuth endpoints work with. */
export interface OAuthOptions {
  readonly identity: IdentityServices;
  readonly tokenLifetimeMs: () => number;
}

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** Returns the token endpoint (of OAuth and of the Security Token Service) and token info. */
export function oauthRoutes(options: OAuthOptions): readonly Route[] {
  return [
    {
      name: 'token',
      methods: ['POST'],
      hosts: ['oauth2.googleapis.com', 'sts.googleapis.com', 'www.googleapis.com'],
      path: /^\/(?:v1\/|oauth2\/v4\/)?token$/,
      handle: (request) => token(options, request),
    },
    {
      name: 'tokeninfo',
      methods: ['GET', 'POST'],
      hosts: ['oauth2.googleapis.com', 'www.googleapis.com'],
      path: /^\/(?:oauth2\/v[123]\/)?tokeninfo$/,
      handle: (request) => tokenInfo(options, request),
    },
  ];
}

function token({ identity, tokenLifetimeMs }: OAuthOptions, request: ApiRequest): ApiResponse {
  const parameters = parseParameters(request.body, request.headers['content-type']);
  const grant = parameters.get('grant_type');
  switch (grant) {
    case TOKEN_EXCHANGE: {
      const email = findPrincipal(identity, parameters.get('subject_token') ?? '');
      const issued = identity.tokens.issue(email, parseScopes(parameters.get('scope')), tokenLifetimeMs());
      return tokenResponse(issued, { issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' });
    }
    case JWT_BEARER: {
      const claims = identity.keys.check(parameters.get('assertion') ?? '');
      if (typeof claims === 'string') throw oauthError('invalid_grant', claims);
      const issued = identity.tokens.issue(claims.email, parseScopes(claims.scope), tokenLifetimeMs());
      return tokenResponse(issued, {});
    }
    case 'refresh_token': {
      const email = findPrincipal(identity, parameters.get('refresh_token') ?? '');
      const scope = parameters.get('scope');
      const scopes = scope ? parseScopes(scope) : CONSENTED_SCOPES;
      const unknown = scopes.find((each) => !CONSENTED_SCOPES.includes(each));
      if (unknown !== undefined)
        throw oauthError('invalid_scope', `The user has not consented to the scope ${unknown}.`);
      const issued = identity.tokens.issue(email, scopes, tokenLifetimeMs());
      return tokenResponse(issued, { scope: issued.scopes.join(' ') });
    }
    default:
      throw oauthError('unsupported_grant_type', `Invalid grant_type: ${grant ?? ''}`);
  }
}

function tokenResponse(issued: AccessToken, more: Readonly<Record<string, string>>): ApiResponse {
  return {
    status: 200,
    headers: { 'cache-control': 'no-store' },
    body: { access_token: issued.token, token_type: 'Bearer', expires_in: secondsLeft(issued.expiresAt), ...more },
  };
}

function tokenInfo({ identity }: OAuthOptions, request: ApiRequest): ApiResponse {
  const form = parseParameters(request.body, request.headers['content-type']);
  const bearer =
    request.url.searchParams.get('access_token') ?? form.get('access_token') ?? bearerOf(request.headers) ?? '';
  const caller = identifyBearer(bearer, identity.tokens, identity.keys);
  if (!caller) throw oauthError('invalid_token', 'Invalid Value');
  return {
    status: 200,
    body: {
      azp: 'emulator',
      aud: 'emulator',
      scope: caller.scopes.join(' '),
      exp: String(Math.floor(caller.expiresAt / 1000)),
      expires_in: String(secondsLeft(caller.expiresAt)),
      email: caller.email,
      email_verified: 'true',
      access_type: 'online',
    },
  };
}

/** An empty name means the default principal; an unknown one is refused. */
function findPrincipal({ principals }: IdentityServices, name: string): string {
  const email = name === '' ? principals.defaultEmail : principals.find(name);
  if (email !== undefined) return email;
  throw oauthError('invalid_grant', `The emulator has no principal '${name}'. Add it to the option 'principals'.`);
}

function secondsLeft(expiresAt: number): number {
  return Math.max(0, Math.floor((expiresAt - Date.now()) / 1000));
}
