import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

// SCRAM-SHA-256 (RFC 5802, RFC 7677), both sides, without channel binding.

/** The name by which PostgreSQL offers it. */
export const scramMechanism = 'SCRAM-SHA-256';

/** PostgreSQL's own number of rounds. */
const defaultIterations = 4096;

/** A server that asks for more than this would rather keep us busy than know who we are. */
const mostIterations = 1_000_000;

const derive = promisify(pbkdf2);

interface Keys {
  readonly client: Buffer;
  readonly stored: Buffer;
  readonly server: Buffer;
}

/** The side that is asked for the password. */
export class ScramClient {
  readonly #bare = `n=,r=${randomBytes(18).toString('base64')}`;
  #serverSignature: Buffer | undefined;

  /** The first message. */
  start(): string {
    return `n,,${this.#bare}`;
  }

  /** The answer to the server's first message; undefined if that is not one that can be answered. */
  async answer(serverFirst: string, password: string): Promise<string | undefined> {
    const { r: nonce = '', s: salt = '', i = '' } = attributes(serverFirst);
    const iterations = Number(i);
    const isOurs = nonce.startsWith(this.#bare.slice('n=,r='.length));
    if (!isOurs || !salt || !(iterations >= 1 && iterations <= mostIterations)) return undefined;
    const keys = await scramKeys(password, Buffer.from(salt, 'base64'), iterations);
    const final = `c=biws,r=${nonce}`;
    const signed = `${this.#bare},${serverFirst},${final}`;
    this.#serverSignature = hmac(keys.server, signed);
    return `${final},p=${xor(keys.client, hmac(keys.stored, signed)).toString('base64')}`;
  }

  /** Whether the server's last message proves that it knows the password, too. */
  verify(serverFinal: string): boolean {
    return this.#serverSignature !== undefined && same(this.#serverSignature, attributes(serverFinal).v);
  }
}

/** The side that asks, for one secret. Each exchange has one `begin` and one `finish`. */
export class ScramServer {
  readonly #salt = randomBytes(16);
  readonly #secret: string;
  #keys: Promise<Keys> | undefined;

  constructor(secret: string) {
    this.#secret = secret;
  }

  /** The answer to the client's first message; undefined if that is not one that can be answered. */
  begin(clientFirst: string): ScramExchange | undefined {
    const [, header, bare] = /^([ny],[^,]*,)(.*)$/s.exec(clientFirst) ?? [];
    const clientNonce = attributes(bare ?? '').r;
    if (!header || !bare || !clientNonce) return undefined;
    const nonce = clientNonce + randomBytes(18).toString('base64');
    const message = `r=${nonce},s=${this.#salt.toString('base64')},i=${defaultIterations}`;
    const expected = `c=${Buffer.from(header).toString('base64')},r=${nonce}`;
    const finish = async (clientFinal: string): Promise<string | undefined> => {
      const end = clientFinal.lastIndexOf(',p=');
      this.#keys ??= scramKeys(this.#secret, this.#salt, defaultIterations);
      const keys = await this.#keys;
      const signed = `${bare},${message},${expected}`;
      const proof = Buffer.from(clientFinal.slice(end + 3), 'base64');
      if (end < 0 || clientFinal.slice(0, end) !== expected || proof.length !== keys.stored.length) return undefined;
      const key = xor(proof, hmac(keys.stored, signed));
      if (!timingSafeEqual(sha256(key), keys.stored)) return undefined;
      return `v=${hmac(keys.server, signed).toString('base64')}`;
    };
    return { message, finish };
  }
}

/** One client that is being asked. */
export interface ScramExchange {
  /** The server's first message. */
  readonly message: string;
  /** Takes the client's last message and gives the server's; undefined if the client does not know the secret. */
  readonly finish: (clientFinal: string) => Promise<string | undefined>;
}

async function scramKeys(password: string, salt: Buffer, iterations: number): Promise<Keys> {
  const salted = await derive(password.normalize('NFKC'), salt, iterations, 32, 'sha256');
  const client = hmac(salted, 'Client Key');
  return { client, stored: sha256(client), server: hmac(salted, 'Server Key') };
}

function attributes(message: string): Partial<Record<string, string>> {
  return Object.fromEntries(message.split(',').map((part) => [part[0], part.slice(2)]));
}

function same(expected: Buffer, given: string | undefined): boolean {
  const bytes = Buffer.from(given ?? '', 'base64');
  return bytes.length === expected.length && timingSafeEqual(bytes, expected);
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, i) => byte ^ b[i]!));
}
