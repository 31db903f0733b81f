import type { Duplex } from 'node:stream';
import { readExactly } from './socket-reader.ts';

/** The first thing that a PostgreSQL client wants. */
export type Startup =
  | { readonly kind: 'STARTUP'; readonly protocol: number; readonly parameters: ReadonlyMap<string, string> }
  | { readonly kind: 'CANCEL'; readonly packet: Buffer }
  /** `message` is what the client is told; without one it went away by itself. */
  | { readonly kind: 'INVALID'; readonly message?: string };

const CANCEL_REQUEST = 80_877_102;
const SSL_REQUEST = 80_877_103;
const GSS_REQUEST = 80_877_104;
const MAX_PACKET_BYTES = 10_000;
// One request for each kind of encryption; PostgreSQL itself allows no more.
const MAX_PACKETS = 3;

/** Reads packets until the client has said what it wants. Offers of encryption are declined: TLS is already there. */
export async function readStartup(stream: Duplex, signal: AbortSignal): Promise<Startup> {
  for (let packets = 0; packets < MAX_PACKETS; packets++) {
    const head = await readExactly(stream, 8, signal);
    if (!head) return { kind: 'INVALID' };
    const length = head.readUInt32BE(0);
    const code = head.readUInt32BE(4);
    if (length < 8 || length > MAX_PACKET_BYTES) {
      return { kind: 'INVALID', message: 'invalid length of startup packet' };
    }
    const body = await readExactly(stream, length - 8, signal);
    if (!body) return { kind: 'INVALID' };
    if (code === CANCEL_REQUEST) return { kind: 'CANCEL', packet: Buffer.concat([head, body]) };
    if (code === SSL_REQUEST || code === GSS_REQUEST) {
      stream.write('N');
      continue;
    }
    if (code >>> 16 !== 3) {
      return { kind: 'INVALID', message: `unsupported frontend protocol ${code >>> 16}.${code & 0xffff}` };
    }
    const parameters = parseParameters(body);
    if (!parameters)
      return { kind: 'INVALID', message: 'invalid startup packet layout: expected terminator as last byte' };
    return { kind: 'STARTUP', protocol: code, parameters };
  }
  return { kind: 'INVALID', message: 'too many negotiation requests' };
}

function parseParameters(body: Buffer): ReadonlyMap<string, string> | undefined {
  if (body.length === 0 || body[body.length - 1] !== 0) return undefined;
  const fields = body.toString('utf8').split('\0');
  // Pairs, then the empty name that ends the list, then what follows the last NUL.
  if (fields.length % 2 !== 0 || fields.at(-2) !== '') return undefined;
  const parameters = new Map<string, string>();
  for (let index = 0; index < fields.length - 2; index += 2) {
    if (fields[index] === '') return undefined;
    parameters.set(fields[index]!, fields[index + 1]!);
  }
  return parameters;
}
