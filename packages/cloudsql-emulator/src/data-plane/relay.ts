import type { Duplex } from 'node:stream';

const LINGER_MS = 5000;

/**
 * Joins two streams until both have ended. Back-pressure and half-closes pass through. If one side breaks, the other
 * is destroyed; if the server side has closed, the client has five seconds to follow.
 *
 * Returns a function that swallows all that is still sent, in both directions, as half-open connections do.
 */
export function relay(client: Duplex, server: Duplex): () => void {
  let linger: NodeJS.Timeout | undefined;
  client.on('error', () => server.destroy());
  server.on('error', () => client.destroy());
  client.on('close', () => {
    clearTimeout(linger);
    // A client that closed in order has ended its stream, and the pipe has passed that on.
    if (!client.readableEnded) server.destroy();
  });
  server.on('close', () => {
    if (!server.readableEnded) client.destroy();
    if (!client.destroyed) linger = setTimeout(() => client.destroy(), LINGER_MS).unref();
  });
  client.pipe(server);
  server.pipe(client);
  return () => {
    client.unpipe(server).resume();
    server.unpipe(client).resume();
    client.once('end', () => client.destroy()).once('close', () => server.destroy());
  };
}

/** Sends the last bytes and closes, by force after five seconds. */
export function endWith(stream: Duplex, bytes: Buffer): void {
  const linger = setTimeout(() => stream.destroy(), LINGER_MS).unref();
  stream.once('close', () => clearTimeout(linger));
  stream.end(bytes);
  // Unread bytes would hide the client's own end.
  stream.resume();
}
