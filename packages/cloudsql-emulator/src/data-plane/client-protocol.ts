import type { Duplex } from 'node:stream';
import { type ExchangeFault, wrongAnswer } from '../faults/exchange-faults.ts';
import { decodeClientProtocol, encodeExchangeResponse, MAX_EXCHANGE_BYTES } from '../wire/exchange-messages.ts';
import type { MutableRecord } from './connection-log.ts';
import { endWith } from './relay.ts';
import { readExactly } from './socket-reader.ts';

/** What a message of Cloud SQL's metadata exchange begins with; no database protocol begins like that. */
const SIGNATURE = Buffer.from('CSQLMDEX');

/**
 * Takes the metadata exchange of Cloud SQL out of what a client sends first, if it is there: how database clients reach
 * the connector. It is optional, and nothing is refused because of what it says. It is answered unless the database has
 * greeted the client already: then the client has stopped looking for an answer. Returns false if the client has gone
 * or broken the protocol; then the record says so.
 */
export async function takeClientProtocol(
  client: Duplex,
  record: MutableRecord,
  signal: AbortSignal,
  { isGreeted = false, fault }: { readonly isGreeted?: boolean; readonly fault?: ExchangeFault | undefined } = {},
): Promise<boolean> {
  if (!(await beginsWithSignature(client, signal))) return true;
  const length = (await readExactly(client, 4, signal))?.readUInt32BE(0) ?? 0;
  const message = length > 0 && length <= MAX_EXCHANGE_BYTES ? await readExactly(client, length, signal) : undefined;
  const request = message && decodeClientProtocol(message);
  if (!request) {
    record.state = 'refused';
    record.refusal = 'the metadata exchange of the client cannot be read';
    client.destroy();
    return false;
  }
  record.clientProtocol = request.clientProtocol;
  if (request.userAgent) record.userAgent = request.userAgent;
  if (isGreeted) return true;
  const answer = fault ? wrongAnswer(fault, SIGNATURE) : Buffer.concat([SIGNATURE, encodeExchangeResponse()]);
  if (fault !== 'CUT_OFF' && fault !== 'OVERSIZED') {
    client.write(answer);
    return true;
  }
  record.state = 'refused';
  record.refusal = `the emulator was told to answer the metadata exchange wrongly: ${fault}`;
  endWith(client, answer);
  return false;
}

/** Byte by byte, since a client may wait for an answer to fewer bytes than the signature has. */
async function beginsWithSignature(client: Duplex, signal: AbortSignal): Promise<boolean> {
  for (let length = 1; length <= SIGNATURE.length; length++) {
    const seen = await readExactly(client, length, signal);
    if (!seen) return false;
    const agrees = seen.equals(SIGNATURE.subarray(0, length));
    // Where nothing follows, what came first is of no use to anybody.
    if ((!agrees || length < SIGNATURE.length) && !client.readableEnded) client.unshift(seen);
    if (!agrees) return false;
  }
  return true;
}
