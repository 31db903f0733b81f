import { createPublicKey } from 'node:crypto';

/**
 * Reads the public key of a certificate request and returns it as SubjectPublicKeyInfo (DER).
 *
 * Clients put either form (SubjectPublicKeyInfo or PKCS#1) under either PEM label, so the label is not believed.
 * Returns `undefined` if it is no RSA or elliptic-curve key.
 */
export function parsePublicKey(pem: string): Uint8Array<ArrayBuffer> | undefined {
  const body = /-----BEGIN (?:RSA )?PUBLIC KEY-----([\sA-Za-z0-9+/=]+)-----END (?:RSA )?PUBLIC KEY-----/.exec(pem)?.[1];
  if (!body) return undefined;
  const der = Buffer.from(body, 'base64');
  for (const type of ['spki', 'pkcs1'] as const) {
    try {
      const key = createPublicKey({ key: der, format: 'der', type });
      if (key.asymmetricKeyType !== 'rsa' && key.asymmetricKeyType !== 'ec') return undefined;
      return new Uint8Array(key.export({ format: 'der', type: 'spki' }));
    } catch {
      // Not this form: the next one is tried.
    }
  }
  return undefined;
}
