import { generateKeyPair } from 'node:crypto';
import { processWide } from './process-wide.ts';

/** The client's key pair, PEM encoded: PKCS #8 and SPKI. */
export interface KeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

/**
 * The RSA-2048 key pair of this process: made off-thread on first use, kept in memory only, shared by all connectors
 * and all copies of this library. RSA because Google documents no other kind for ephemeral certificates.
 */
export function processKeyPair(): Promise<KeyPair> {
  const shared = processWide<{ made?: Promise<KeyPair> | undefined }>('key-pair', () => ({}));
  shared.made ??= makeKeyPair();
  const pending = shared.made;
  pending.catch(() => {
    if (shared.made === pending) shared.made = undefined;
  });
  return pending;
}

function makeKeyPair(): Promise<KeyPair> {
  return new Promise((resolve, reject) => {
    const options = {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    } as const;
    generateKeyPair('rsa', options, (error, publicKey, privateKey) => {
      if (error) reject(error);
      else resolve({ publicKey, privateKey });
    });
  });
}
