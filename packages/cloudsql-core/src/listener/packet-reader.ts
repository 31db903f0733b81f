import type { Duplex } from 'node:stream';
import { Ended, readExactly as read } from '../dial/read-exactly.ts';
import type { Message } from '../postgres/messages.ts';

/** No message of a login is longer than this, in bytes. */
const longestMessage = 65_536;

/** {@link read}; undefined if the stream ends or breaks before all bytes have come. */
export async function readExactly(stream: Duplex, bytes: number, signal: AbortSignal): Promise<Buffer | undefined> {
  try {
    return await read(stream, bytes, signal);
  } catch (error) {
    if (error instanceof Ended) return undefined;
    throw error;
  }
}

/** Reads one message of a login; undefined if none comes, or one that cannot belong to a login. */
export async function readMessage(stream: Duplex, signal: AbortSignal): Promise<Message | undefined> {
  const head = await readExactly(stream, 5, signal);
  const length = head ? head.readUInt32BE(1) - 4 : -1;
  if (!head || length < 0 || length > longestMessage) return undefined;
  const body = await readExactly(stream, length, signal);
  return body && { type: String.fromCharCode(head[0]!), body };
}

/** Reads one packet of MySQL's login; undefined if none comes, or one that cannot belong to a login. */
export async function readPacket(
  stream: Duplex,
  signal: AbortSignal,
): Promise<{ readonly sequence: number; readonly body: Buffer } | undefined> {
  const head = await readExactly(stream, 4, signal);
  const length = head?.readUIntLE(0, 3) ?? 0;
  if (!head || length > longestMessage) return undefined;
  const body = await readExactly(stream, length, signal);
  return body && { sequence: head[3]!, body };
}
