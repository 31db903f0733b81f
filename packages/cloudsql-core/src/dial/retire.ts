import type { Socket } from 'node:net';

const retirement: string = 'cloudsql:retirement';

/** How long the server has to answer that a connection is over, in milliseconds. */
const graceMs = 5000;

/** Has whoever owns a socket decide how it ends when its DNS name stands for another instance. */
export function onRetirement(socket: Socket, end: () => void): void {
  socket.once(retirement, end);
}

/**
 * Lets whatever was put off by setImmediate have its turn. postgres.js writes so, and a connection of its that is closed
 * before that never writes again, nor does the next one in its place.
 */
export function afterWrites(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => void setTimeout(resolve, 1).unref());
  });
}

/** Ends a connection in order: whoever uses it sees an end, and no error. */
export function retire(socket: Socket): void {
  if (socket.emit(retirement)) return;
  socket.end();
  setTimeout(() => socket.destroy(), graceMs).unref();
}
