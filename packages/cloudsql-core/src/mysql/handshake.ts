/** What client and server tell each other that they can. */
const flag = {
  withDatabase: 0x8,
  protocol41: 0x200,
  tls: 0x800,
  shortProof: 0x8000,
  pluginName: 0x8_0000,
  longProof: 0x20_0000,
} as const;

/** A server's first packet. */
export interface Greeting {
  /** 20 random bytes that go into the proof of a password. */
  readonly nonce: Buffer;
  readonly plugin: string;
  /** The same without an offer of TLS: what passes here does not leave the machine. */
  readonly withoutTls: Buffer;
}

/** Reads a server's first packet; undefined if it is none. */
export function parseGreeting(body: Buffer): Greeting | undefined {
  const id = body.indexOf(0, 1) + 1;
  if (body[0] !== 10 || id === 0 || body.length < id + 44) return undefined;
  const rest = id + 31;
  const plugin = body.subarray(body.indexOf(0, rest + 12) + 1);
  const withoutTls = Buffer.from(body);
  withoutTls.writeUInt16LE(body.readUInt16LE(id + 13) & ~flag.tls, id + 13);
  return {
    nonce: Buffer.concat([body.subarray(id + 4, id + 12), body.subarray(rest, rest + 12)]),
    plugin: untilZero(plugin, 0).toString('latin1'),
    withoutTls,
  };
}

/** A client's first packet, as far as a listener takes it apart. */
export interface Hello {
  /** Flags and numbers. */
  readonly head: Buffer;
  readonly user: string;
  readonly proof: Buffer;
  readonly plugin: string | undefined;
  /** The database's name with its zero, if there is one. */
  readonly database: Buffer;
  /** What stands behind the plugin's name. */
  readonly rest: Buffer;
}

const headLength = 32;

/** Reads a client's first packet; undefined if it is none, or wants TLS. */
export function parseHello(body: Buffer): Hello | undefined {
  if (body.length <= headLength) return undefined;
  const flags = body.readUInt32LE(0);
  if (!(flags & flag.protocol41) || flags & flag.tls) return undefined;
  const user = untilZero(body, headLength);
  let at = headLength + user.length + 1;
  const counted = (flags & (flag.longProof | flag.shortProof)) !== 0;
  const length = counted ? (body[at++] ?? 0) : untilZero(body, at).length;
  const proof = body.subarray(at, at + length);
  at += length + (counted ? 0 : 1);
  // No proof is longer than what one byte can say.
  if (at > body.length || (counted && length > 250)) return undefined;
  const take = (isThere: number): Buffer => {
    const end = at + untilZero(body, at).length + 1;
    const field = isThere ? body.subarray(at, end) : Buffer.alloc(0);
    at += field.length;
    return field;
  };
  const database = take(flags & flag.withDatabase);
  const plugin = flags & flag.pluginName ? untilZero(take(1), 0).toString('latin1') : undefined;
  return {
    head: body.subarray(0, headLength),
    user: user.toString(),
    proof,
    plugin,
    database,
    rest: body.subarray(at),
  };
}

/** Writes a client's first packet for somebody else, or with another proof. */
export function encodeHello({ head, database, rest }: Hello, user: string, proof: Buffer, plugin: string): Buffer {
  const flags = Buffer.alloc(4);
  flags.writeUInt32LE(((head.readUInt32LE(0) & ~flag.longProof) | flag.shortProof | flag.pluginName) >>> 0, 0);
  const zero = Buffer.alloc(1);
  const login = [Buffer.from(user), zero, Buffer.from([proof.length]), proof, database, Buffer.from(`${plugin}\0`)];
  return Buffer.concat([flags, head.subarray(4), ...login, rest]);
}

function untilZero(bytes: Buffer, from: number): Buffer {
  const end = bytes.indexOf(0, from);
  return bytes.subarray(from, end < 0 ? bytes.length : end);
}
