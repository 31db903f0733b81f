import { identifyBearer } from '../iam/credentials.ts';
import type { IdentityServices } from '../iam/identity-services.ts';
import { mayImpersonate } from '../iam/scopes.ts';
import { bearerOf } from './bearer.ts';
import { googleError } from './google-error.ts';
import type { ApiRequest, ApiResponse, Route } from './http-types.ts';
import { parseJsonObject } from './request-body.ts';

/** What the IAM Credentials API works with. */
export interface IamCredentialsOptions {
  readonly identity: IdentityServices;
  readonly tokenLifetimeMs: () => number;
}

const MAX_LIFETIME_SECONDS = 43_200;

/** Returns the method of the IAM Credentials API by which one principal gets the tokens of another. */
export function iamCredentialsRoutes(options: IamCredentialsOptions): readonly Route[] {
  return [
    {
      name: 'generateAccessToken',
      methods: ['POST'],
      hosts: ['iamcredentials.googleapis.com'],
      path: /^\/v1\/projects\/-\/serviceAccounts\/([^/:]+)(?::|%3A)generateAccessToken$/i,
      handle: (request) => generateAccessToken(options, request),
    },
  ];
}

function generateAccessToken({ identity, tokenLifetimeMs }: IamCredentialsOptions, request: ApiRequest): ApiResponse {
  const caller = identifyBearer(bearerOf(request.headers) ?? '', identity.tokens, identity.keys);
  if (!caller) throw googleError(401, 'authError', 'Request had invalid authentication credentials.');
  if (!mayImpersonate(caller.scopes)) {
    throw googleError(403, 'ACCESS_TOKEN_SCOPE_INSUFFICIENT', 'Request had insufficient authentication scopes.');
  }
  const { scope, delegates, lifetime } = parseJsonObject(request.body);
  const scopes = texts(scope, 'scope');
  if (scopes.length === 0) throw googleError(400, 'badRequest', 'Invalid value for: scope must not be empty.');
  const chain = texts(delegates ?? [], 'delegates').map(delegateEmail);
  // Each may act as the next; none of them learns whether those beyond exist.
  let actor = caller.email;
  for (const name of [...chain, request.segments[0] ?? '']) {
    const account = identity.principals.find(name);
    if (account === undefined || !identity.principals.mayActAs(actor, account)) {
      throw googleError(
        403,
        'IAM_PERMISSION_DENIED',
        "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
      );
    }
    actor = account;
  }
  const lifeMs = Math.min(tokenLifetimeMs(), lifetimeSeconds(lifetime) * 1000);
  const { token, expiresAt } = identity.tokens.issue(actor, scopes, lifeMs);
  return { status: 200, body: { accessToken: token, expireTime: new Date(expiresAt).toISOString() } };
}

function lifetimeSeconds(value: unknown): number {
  const seconds = value === undefined ? 3600 : Number(/^(\d+)s$/.exec(String(value))?.[1] ?? Number.NaN);
  if (seconds >= 1 && seconds <= MAX_LIFETIME_SECONDS) return seconds;
  throw googleError(400, 'badRequest', 'Invalid value for: lifetime must be a number of seconds such as "3600s".');
}

function delegateEmail(name: string): string {
  const email = /^projects\/-\/serviceAccounts\/([^/]+)$/.exec(name)?.[1];
  if (email !== undefined) return email;
  throw googleError(400, 'badRequest', 'Invalid value for: delegates must be projects/-/serviceAccounts/EMAIL.');
}

function texts(value: unknown, name: string): readonly string[] {
  if (Array.isArray(value) && value.every((each): each is string => typeof each === 'string')) return value;
  throw googleError(400, 'badRequest', `Invalid value for: ${name} must be a list of strings.`);
}
