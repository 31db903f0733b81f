import { constants, createHash, publicEncrypt, timingSafeEqual } from 'node:crypto';

const hashes: Readonly<Record<string, string>> = {
  mysql_native_password: 'sha1',
  caching_sha2_password: 'sha256',
};

/** The proof of a password, the way a plugin wants it; undefined for a plugin that is not known. */
export function proofOf(plugin: string, password: string, nonce: Buffer): Buffer | undefined {
  const name = hashes[plugin];
  if (!name) return undefined;
  const hash = (...parts: readonly (string | Buffer)[]): Buffer =>
    parts.reduce((state, part) => state.update(part), createHash(name)).digest();
  const once = hash(password);
  const twice = hash(once);
  const mask = name === 'sha1' ? hash(nonce, twice) : hash(hash(once), nonce);
  return Buffer.from(once.map((byte, i) => byte ^ mask[i]!));
}

/** Whether a client knows the password. */
export function isProof(proof: Buffer, plugin: string, password: string, nonce: Buffer): boolean {
  const right = proofOf(plugin, password, nonce);
  return right?.length === proof.length && timingSafeEqual(right, proof);
}

/** The password itself, for the server's eyes only. */
export function encryptPassword(password: string, nonce: Buffer, serverKey: Buffer): Buffer {
  const masked = Buffer.from(`${password}\0`).map((byte, i) => byte ^ nonce[i % nonce.length]!);
  return publicEncrypt({ key: serverKey, padding: constants.RSA_PKCS1_OAEP_PADDING }, masked);
}
