import type { KeyObject } from 'node:crypto';
import { createPublicKey, generateKeyPairSync, randomBytes, verify } from 'node:crypto';

/** A new service account key; the private half exists only in the caller's hands. */
export interface ServiceAccountKey {
  readonly keyId: string;
  readonly privateKey: string;
}

/** What a signed assertion claims, after its signature and its times were checked. */
export interface AssertedClaims {
  readonly email: string;
  readonly scope: string | undefined;
  readonly audience: string | undefined;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

const CLOCK_SKEW_MS = 60_000;
const MAX_LIFETIME_MS = 3_600_000;

/** Makes service account keys and checks the JSON Web Tokens signed with them. */
export class ServiceAccountKeys {
  readonly #keys = new Map<string, { readonly email: string; readonly publicKey: KeyObject }>();

  /** Makes an RSA key. Takes some 100 ms and blocks, so it is made only when asked for. */
  create(email: string): ServiceAccountKey {
    const pair = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const keyId = randomBytes(20).toString('hex');
    this.#keys.set(keyId, { email, publicKey: createPublicKey(pair.publicKey) });
    return { keyId, privateKey: pair.privateKey };
  }

  /** Checks a JWT; returns its claims, or a sentence that says what is wrong with it. */
  check(jwt: string): AssertedClaims | string {
    const [header, payload, signature, ...rest] = jwt.split('.');
    if (!header || !payload || !signature || rest.length > 0) return 'Bad Request: not a JWT.';
    const { alg, kid } = decodeJson(header);
    const claims = decodeJson(payload);
    if (alg !== 'RS256') return 'Invalid JWT: the algorithm must be RS256.';
    // Some clients leave the key id out; then the issuer's keys are tried.
    const candidates = [...this.#keys].filter(([id, key]) =>
      typeof kid === 'string' ? id === kid : key.email === claims.iss,
    );
    const signed = Buffer.from(`${header}.${payload}`);
    const key = candidates.find(([, { publicKey }]) =>
      verify('sha256', signed, publicKey, Buffer.from(signature, 'base64url')),
    )?.[1];
    if (!key || claims.iss !== key.email) return 'Invalid JWT Signature.';
    const now = Date.now();
    const expiresAt = typeof claims.exp === 'number' ? claims.exp * 1000 : 0;
    const issuedAt = typeof claims.iat === 'number' ? claims.iat * 1000 : Number.POSITIVE_INFINITY;
    if (expiresAt <= now || issuedAt > now + CLOCK_SKEW_MS || expiresAt - issuedAt > MAX_LIFETIME_MS + CLOCK_SKEW_MS) {
      return 'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.';
    }
    return { email: key.email, scope: text(claims.scope), audience: text(claims.aud), expiresAt };
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function decodeJson(part: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
