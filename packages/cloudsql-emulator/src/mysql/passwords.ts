import { constants, createHash, publicEncrypt } from 'node:crypto';

/** Ways to prove a password that the emulator knows, besides the clear text. */
export const PLUGIN = {
  native: 'mysql_native_password',
  cachingSha2: 'caching_sha2_password',
  clear: 'mysql_clear_password',
} as const;

/** Returns the proof of a password, or `undefined` for a plugin that is not known. */
export function proofOf(plugin: string, password: string, nonce: Buffer): Buffer | undefined {
  const once = digest(plugin, password);
  if (plugin === PLUGIN.native) return xor(once, digest(plugin, nonce, digest(plugin, once)));
  if (plugin === PLUGIN.cachingSha2) return xor(once, digest(plugin, digest(plugin, once), nonce));
  return undefined;
}

/** Encrypts a password for a server that may be overheard. */
export function encryptPassword(password: string, nonce: Buffer, serverKey: Buffer): Buffer {
  const clear = Buffer.from(`${password}\0`);
  const masked = clear.map((byte, index) => byte ^ nonce[index % nonce.length]!);
  return publicEncrypt({ key: serverKey, padding: constants.RSA_PKCS1_OAEP_PADDING }, masked);
}

function digest(plugin: string, ...parts: readonly (string | Buffer)[]): Buffer {
  const hash = createHash(plugin === PLUGIN.native ? 'sha1' : 'sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function xor(left: Buffer, right: Buffer): Buffer {
  return Buffer.from(left.map((byte, index) => byte ^ right[index]!));
}
