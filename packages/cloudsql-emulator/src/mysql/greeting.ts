/** What clients and servers say they can do. Source: https://dev.mysql.com/doc/dev/mysql-server/latest/group__group__cs__capabilities__flags.html */
export const CAPABILITY = {
  connectWithDatabase: 0x8,
  compress: 0x20,
  protocol41: 0x200,
  ssl: 0x800,
  secureConnection: 0x8000,
  pluginAuth: 0x0008_0000,
  connectAttributes: 0x0010_0000,
  lengthEncodedAuth: 0x0020_0000,
  zstd: 0x0400_0000,
} as const;

/** What a server says first. */
export interface Greeting {
  readonly serverVersion: string;
  /** Id of the session. */
  readonly connectionId: number;
  /** 20 random bytes that a password is mixed with. */
  readonly nonce: Buffer;
  /** How the server would have passwords proved. */
  readonly plugin: string;
  /** The greeting for clients that are behind TLS already: without an offer of TLS or compression. */
  readonly forClients: Buffer;
}

const PROTOCOL_VERSION = 10;

/** Reads the body of a greeting; `undefined` if it is none. */
export function parseGreeting(body: Buffer): Greeting | undefined {
  const versionEnd = body.indexOf(0, 1);
  if (body[0] !== PROTOCOL_VERSION || versionEnd < 0 || body.length < versionEnd + 45) return undefined;
  const serverVersion = body.toString('utf8', 1, versionEnd);
  const id = versionEnd + 1;
  const lowCapabilities = id + 13;
  const highCapabilities = lowCapabilities + 5;
  const rest = highCapabilities + 13;
  const pluginStart = body.indexOf(0, rest + 12) + 1;
  const pluginEnd = body.indexOf(0, pluginStart);
  const forClients = Buffer.from(body);
  clear(forClients, lowCapabilities, CAPABILITY.ssl | CAPABILITY.compress);
  clear(forClients, highCapabilities, CAPABILITY.zstd >>> 16);
  return {
    serverVersion,
    connectionId: body.readUInt32LE(id),
    nonce: Buffer.concat([body.subarray(id + 4, id + 12), body.subarray(rest, rest + 12)]),
    plugin: pluginStart === 0 ? '' : body.toString('latin1', pluginStart, pluginEnd < 0 ? undefined : pluginEnd),
    forClients,
  };
}

function clear(body: Buffer, offset: number, flags: number): void {
  body.writeUInt16LE(body.readUInt16LE(offset) & ~flags & 0xffff, offset);
}
