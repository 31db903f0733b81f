import type { Duplex } from 'node:stream';
import type { Message } from '../postgres/messages.ts';

/** No message of a login is longer than this, in bytes. */
const longestMessage = 65_536;

/**
 * Reads exactly so many bytes and leaves what follows in the stream, so that it can be piped on afterwards. Undefined if
 * the stream ends or breaks before they have come. Rejects with the signal's reason.
 */
export function readExactly(stream: Duplex, bytes: number, signal: AbortSignal): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      stream.off('readable', attempt).off('end', ended).off('close', ended).off('error', ended);
      signal.removeEventListener('abort', aborted);
    };
    const ended = (): void => {
      settle();
      resolve(undefined);
    };
    const aborted = (): void => {
      settle();
      reject(signal.reason as Error);
    };
    const attempt = (): void => {
      const chunk: Buffer | null = bytes === 0 ? Buffer.alloc(0) : stream.read(bytes);
      if (chunk === null) return;
      settle();
      // At its end a stream hands out what it has left, even if that is less.
      resolve(chunk.length === bytes ? chunk : undefined);
    };
    stream.on('readable', attempt).on('end', ended).on('close', ended).on('error', ended);
    signal.addEventListener('abort', aborted, { once: true });
    if (signal.aborted) aborted();
    else if (stream.destroyed || stream.readableEnded) ended();
    else attempt();
  });
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
