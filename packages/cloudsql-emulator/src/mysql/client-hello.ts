import { CAPABILITY } from './greeting.ts';
import { text } from './packets.ts';

/** What a client says first, its HandshakeResponse41. */
export interface ClientHello {
  readonly capabilities: number;
  /** Largest packet, character set and what follows, as the client sent it. */
  readonly settings: Buffer;
  readonly user: string;
  /** The proof of the password; empty without one. */
  readonly proof: Buffer;
  readonly database: string | undefined;
  readonly plugin: string | undefined;
  /** What follows, as the client sent it: its attributes. */
  readonly rest: Buffer;
}

const HEAD_BYTES = 32;

/** Reads the body of a client's first packet; `undefined` if it breaks the protocol, or wants TLS, which was not offered. */
export function parseClientHello(body: Buffer): ClientHello | undefined {
  if (body.length <= HEAD_BYTES) return undefined;
  const capabilities = body.readUInt32LE(0);
  if (!(capabilities & CAPABILITY.protocol41) || capabilities & CAPABILITY.ssl) return undefined;
  const fields = new Fields(body, HEAD_BYTES);
  const user = fields.text();
  const proof =
    capabilities & CAPABILITY.lengthEncodedAuth
      ? fields.lengthEncoded()
      : capabilities & CAPABILITY.secureConnection
        ? fields.bytes(fields.byte())
        : Buffer.from(fields.text(), 'latin1');
  const database = capabilities & CAPABILITY.connectWithDatabase ? fields.text() : undefined;
  // The last text of a packet may lack its closing NUL.
  const plugin = capabilities & CAPABILITY.pluginAuth ? fields.lastText() : undefined;
  if (fields.broken) return undefined;
  return { capabilities, settings: body.subarray(4, HEAD_BYTES), user, proof, database, plugin, rest: fields.rest() };
}

/** Encodes a client's first packet with another proof, and anew from what was read, so that it means the same to all. */
export function encodeClientHello(hello: ClientHello, proof: Buffer, plugin: string): Buffer {
  const capabilities =
    (hello.capabilities & ~CAPABILITY.lengthEncodedAuth) | CAPABILITY.secureConnection | CAPABILITY.pluginAuth;
  const head = Buffer.alloc(4);
  head.writeUInt32LE(capabilities >>> 0, 0);
  const database = hello.database === undefined ? Buffer.alloc(0) : text(hello.database);
  const parts = [head, hello.settings, text(hello.user), Buffer.from([proof.length]), proof, database, text(plugin)];
  return Buffer.concat([...parts, hello.rest]);
}

/** Reads one of the client's attributes, such as `program_name`. */
export function attributeOf({ capabilities, rest }: ClientHello, wanted: string): string | undefined {
  if (!(capabilities & CAPABILITY.connectAttributes)) return undefined;
  const fields = new Fields(new Fields(rest, 0).lengthEncoded(), 0);
  while (!fields.atEnd) {
    const name = fields.lengthEncoded().toString();
    const value = fields.lengthEncoded().toString();
    if (fields.broken) return undefined;
    if (name === wanted) return value;
  }
  return undefined;
}

/** Reads one field after the other; `broken` is set once one of them is not there. */
class Fields {
  readonly #body: Buffer;
  #at: number;
  broken = false;

  constructor(body: Buffer, at: number) {
    this.#body = body;
    this.#at = at;
  }

  get atEnd(): boolean {
    return this.broken || this.#at >= this.#body.length;
  }

  byte(): number {
    return this.bytes(1)[0] ?? 0;
  }

  bytes(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#body.length) {
      this.broken = true;
      return Buffer.alloc(0);
    }
    const bytes = this.#body.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  text(): string {
    const end = this.#body.indexOf(0, this.#at);
    const value = this.bytes((end < 0 ? this.#body.length + 1 : end) - this.#at).toString();
    this.#at += 1;
    return value;
  }

  lastText(): string {
    const end = this.#body.indexOf(0, this.#at);
    return end < 0 ? this.bytes(this.#body.length - this.#at).toString() : this.text();
  }

  lengthEncoded(): Buffer {
    const first = this.byte();
    if (first < 0xfb) return this.bytes(first);
    // Longer ones do not fit into a first packet.
    if (first === 0xfc) return this.bytes(this.bytes(2).reduceRight((sum, byte) => sum * 256 + byte, 0));
    this.broken = true;
    return Buffer.alloc(0);
  }

  rest(): Buffer {
    return this.#body.subarray(Math.min(this.#at, this.#body.length));
  }
}
