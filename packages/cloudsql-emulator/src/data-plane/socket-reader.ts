import type { Duplex } from 'node:stream';

/**
 * Reads exactly so many bytes and leaves all others in the stream, so that it can be piped on afterwards.
 * Returns `undefined` if the stream ends, breaks or the signal fires before they have come.
 */
export async function readExactly(stream: Duplex, bytes: number, signal: AbortSignal): Promise<Buffer | undefined> {
  if (bytes === 0) return Buffer.alloc(0);
  return await new Promise((resolve) => {
    const finish = (result: Buffer | undefined): void => {
      stream.off('readable', attempt).off('end', give).off('close', give).off('error', give);
      signal.removeEventListener('abort', give);
      resolve(result);
    };
    const give = (): void => finish(undefined);
    const attempt = (): void => {
      const chunk: Buffer | null = stream.read(bytes);
      // At its end a stream hands over what it has left, even if that is less.
      if (chunk !== null) finish(chunk.length === bytes ? chunk : undefined);
    };
    stream.on('readable', attempt).once('end', give).once('close', give).once('error', give);
    signal.addEventListener('abort', give, { once: true });
    if (signal.aborted || stream.destroyed || stream.readableEnded) give();
    else attempt();
  });
}
