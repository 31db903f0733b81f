import type { Duplex } from 'node:stream';

/** The stream was over before all bytes had come; its cause is Node's own error, which drivers look at. */
export class Ended extends Error {
  readonly received: number;

  constructor(received: number, cause?: Error) {
    super(cause?.message ?? 'the connection was closed', cause && { cause });
    this.received = received;
  }
}

/**
 * Reads exactly so many bytes, however they are cut up on their way, and leaves all others in the stream. Rejects with
 * {@link Ended}, or with the signal's reason.
 */
export function readExactly(stream: Duplex, bytes: number, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      stream.off('readable', attempt).off('end', over).off('close', over).off('error', over);
      signal.removeEventListener('abort', abort);
    };
    const abort = (): void => {
      settle();
      reject(signal.reason as Error);
    };
    const over = (cause?: Error): void => {
      settle();
      reject(new Ended(stream.readableLength, cause));
    };
    const attempt = (): void => {
      const chunk = (bytes === 0 ? Buffer.alloc(0) : stream.read(bytes)) as Buffer | null;
      if (chunk === null) return;
      settle();
      // At its end a stream hands over what it has left, even if that is less.
      if (chunk.length === bytes) resolve(chunk);
      else reject(new Ended(chunk.length));
    };
    signal.addEventListener('abort', abort, { once: true });
    stream.on('readable', attempt).once('end', over).once('close', over).once('error', over);
    if (signal.aborted) abort();
    else if (stream.destroyed || stream.readableEnded) over();
    else attempt();
  });
}
