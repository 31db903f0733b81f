import type { Duplex } from 'node:stream';

/** How long a side that was told that it is over may take to go, in milliseconds. */
const lingerMs = 5000;

/**
 * Joins two streams until both have ended. Back-pressure and half-closes pass through; where one side breaks the other
 * is ended, too. Both must have an `error` listener.
 */
export function relay(client: Duplex, server: Duplex): void {
  const follow = (from: Duplex, to: Duplex): void => {
    from.once('close', () => {
      // One that closed in order has ended its stream, and the pipe has passed that on.
      if (!from.readableEnded) to.destroy();
      else if (!to.destroyed) endSoon(to);
    });
  };
  follow(client, server);
  follow(server, client);
  client.pipe(server);
  server.pipe(client);
}

/** Sends the last bytes and closes, by force if the other side does not. */
export function endWith(stream: Duplex, bytes: Buffer): void {
  if (stream.destroyed || stream.writableEnded) return;
  stream.end(bytes);
  // Unread bytes would hide the other side's end.
  stream.resume();
  endSoon(stream);
}

function endSoon(stream: Duplex): void {
  const timer = setTimeout(() => stream.destroy(), lingerMs).unref();
  stream.once('close', () => clearTimeout(timer));
}
