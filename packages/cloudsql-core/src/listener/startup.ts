import type { Duplex } from 'node:stream';
import {
  cancelRequest,
  encryptionRequests,
  isKnownVersion,
  parseParameters,
  type StartupParameters,
} from '../postgres/startup-message.ts';
import { readExactly } from './packet-reader.ts';

/** The first thing that a client wants. */
export type Startup =
  | { readonly wants: 'LOGIN'; readonly version: number; readonly parameters: StartupParameters }
  | { readonly wants: 'CANCEL'; readonly packet: Buffer }
  /** It went away, or sent what nobody sends: `problem` is what it is told then. */
  | { readonly wants: 'NOTHING'; readonly problem?: string };

/** PostgreSQL's own limit. */
const longestPacket = 10_000;

/** One request for each kind of encryption, and the real thing. */
const mostPackets = encryptionRequests.length + 1;

/** Reads until the client has said what it wants. Offers of encryption are declined: nothing leaves the machine. */
export async function readStartup(client: Duplex, signal: AbortSignal): Promise<Startup> {
  for (let packets = 0; packets < mostPackets; packets++) {
    const head = await readExactly(client, 8, signal);
    if (!head) return { wants: 'NOTHING' };
    const [length, code] = [head.readUInt32BE(0), head.readUInt32BE(4)];
    if (length < 8 || length > longestPacket) return { wants: 'NOTHING', problem: 'invalid length of startup packet' };
    const body = await readExactly(client, length - 8, signal);
    if (!body) return { wants: 'NOTHING' };
    if (code === cancelRequest) return { wants: 'CANCEL', packet: Buffer.concat([head, body]) };
    if (encryptionRequests.includes(code)) {
      client.write('N');
      continue;
    }
    if (!isKnownVersion(code)) {
      return { wants: 'NOTHING', problem: `unsupported frontend protocol ${code >>> 16}.${code & 0xffff}` };
    }
    const parameters = parseParameters(body);
    return parameters
      ? { wants: 'LOGIN', version: code, parameters }
      : { wants: 'NOTHING', problem: 'invalid startup packet layout' };
  }
  return { wants: 'NOTHING', problem: 'too many requests for encryption' };
}
