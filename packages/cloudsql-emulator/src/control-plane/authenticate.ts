import type { Caller } from '../iam/credentials.ts';
import { identifyBearer } from '../iam/credentials.ts';
import type { IdentityServices } from '../iam/identity-services.ts';
import { bearerOf } from './bearer.ts';
import { googleError, mayNotUseProject } from './google-error.ts';
import type { ApiRequest } from './http-types.ts';

const SEE =
  'Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.';

/** Finds who calls an API. @throws HttpError 401 without a good token, 403 if its scopes do not suffice */
export function authenticate(
  { tokens, keys, principals }: IdentityServices,
  request: ApiRequest,
  suffice: (scopes: readonly string[]) => boolean,
): Caller {
  const bearer = bearerOf(request.headers);
  if (!bearer) throw googleError(401, 'required', `Request is missing required authentication credential. ${SEE}`);
  const caller = identifyBearer(bearer, tokens, keys);
  if (!caller) throw googleError(401, 'authError', `Request had invalid authentication credentials. ${SEE}`);
  if (!suffice(caller.scopes)) {
    throw googleError(403, 'insufficientPermissions', 'Request had insufficient authentication scopes.');
  }
  const billed = request.headers['x-goog-user-project'];
  if (typeof billed === 'string' && !principals.may(caller.email, 'serviceusage.services.use')) {
    throw mayNotUseProject(billed);
  }
  return caller;
}
