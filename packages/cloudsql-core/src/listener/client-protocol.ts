import type { Duplex } from 'node:stream';
import { isClientProtocolWanted } from '../dial/client-protocol.ts';
import { decodeExchangeResponse } from '../dial/exchange-messages.ts';
import { cloudSqlError } from '../errors.ts';
import { readExactly } from './packet-reader.ts';

/** How a client reaches a listener: what the server of Cloud SQL may ask for, MySQL's for its `caching_sha2_password`. */
export type ClientProtocol = 'TCP' | 'UDS';

/** What a message of this exchange begins with, before its length in 32 bits, big-endian. */
const signature = Buffer.from('CSQLMDEX');
const longestAnswer = 16_384;

/** `MetadataExchangeRequest { ClientProtocolType client_protocol_type = 2; }`, where TCP is 1 and a Unix socket 3. */
const requests: Readonly<Record<ClientProtocol, Buffer>> = {
  TCP: Buffer.from([...signature, 0, 0, 0, 2, 0x10, 1]),
  UDS: Buffer.from([...signature, 0, 0, 0, 2, 0x10, 3]),
};

/** Says how the client comes, if the server wants to know. It is the first thing that is written. */
export function announceClient(server: Duplex, protocol: ClientProtocol): boolean {
  const wanted = isClientProtocolWanted(server);
  if (wanted) server.write(requests[protocol]);
  return wanted;
}

/**
 * Takes the server's answer to {@link announceClient} out of the stream, if one stands at its front: the server may
 * answer or not, and whatever it answers, nothing depends on it. All other bytes stay.
 * @throws DialError `CLOUDSQL_EXCHANGE_FAILED`
 */
export async function skipAnswer(server: Duplex, instance: string, signal: AbortSignal): Promise<void> {
  const failed = (what: string): Error =>
    cloudSqlError('CLOUDSQL_EXCHANGE_FAILED', `In the metadata exchange, the server ${what}`, { instance });
  for (let length = 1; length <= signature.length; length++) {
    const seen = await readExactly(server, length, signal);
    // It has hung up, which is for the caller to find out.
    if (!seen || server.readableEnded) return;
    const agrees = seen.equals(signature.subarray(0, length));
    if (!agrees || length < signature.length) server.unshift(seen);
    if (!agrees) return;
  }
  const head = await readExactly(server, 4, signal);
  const length = head?.readUInt32BE() ?? 0;
  if (head && (length === 0 || length > longestAnswer)) throw failed(`announced an answer of ${length} bytes`);
  const answer = head && (await readExactly(server, length, signal));
  if (!answer) throw failed('stopped in the middle of its answer');
  try {
    decodeExchangeResponse(answer);
  } catch (cause) {
    throw failed(`sent an answer that cannot be read: ${(cause as Error).message}`);
  }
}
