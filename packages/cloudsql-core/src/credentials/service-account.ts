import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { type CredentialJson, googleUrl, invalidCredentials, optionalText, requiredText } from './credential-fields.ts';
import { type Grant, narrowToken, scopeOf } from './grant.ts';
import { requestToken } from './token-request.ts';
import { defaultUniverse } from './universe.ts';

const lifetimeSeconds = 3600;

/** A service account key: signs an assertion for each token, which names the one scope that the token shall have. */
export function serviceAccountGrant(json: CredentialJson): Grant {
  const email = requiredText(json, 'client_email');
  const keyId = optionalText(json, 'private_key_id');
  const endpoint = googleUrl(json, 'token_uri', `https://oauth2.${defaultUniverse}/token`);
  const universe = optionalText(json, 'universe_domain') ?? defaultUniverse;
  const pem = requiredText(json, 'private_key');
  if (!pem.includes('PRIVATE KEY')) throw badKey(json);
  // Parsed at the first use: parsing takes a moment, and this runs where a config is merely built.
  let key: KeyObject | undefined;
  const signed = (claims: object): string => {
    key ??= parseKey(json, pem);
    const content = `${encode({ alg: 'RS256', typ: 'JWT', kid: keyId })}.${encode(claims)}`;
    return `${content}.${sign('sha256', Buffer.from(content), key).toString('base64url')}`;
  };
  return {
    kind: 'service_account',
    universe,
    quotaProject: optionalText(json, 'quota_project_id'),
    infoUrl: new URL('/tokeninfo', endpoint).href,
    email: async () => email,
    async token(use, call) {
      const now = Math.floor(Date.now() / 1000);
      const claims = { iss: email, sub: email, scope: scopeOf(use, call), iat: now, exp: now + lifetimeSeconds };
      // Other universes have no endpoint for assertions; there the assertion itself is the token.
      if (universe !== defaultUniverse) {
        return narrowToken(use, call, { token: signed(claims), expiresAt: claims.exp * 1000 });
      }
      const assertion = signed({ ...claims, aud: endpoint });
      const form = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion };
      return narrowToken(use, call, await requestToken({ url: endpoint, form }, call));
    },
  };
}

function parseKey(json: CredentialJson, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw badKey(json);
  }
}

function badKey(json: CredentialJson): Error {
  return invalidCredentials(
    json,
    'the field `private_key` is not a private key in PEM form',
    'Download the key again.',
  );
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
