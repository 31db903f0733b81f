import type { Socket } from 'node:net';

const retirement: string = 'cloudsql:retirement';

/** How long the server has to answer that a connection is over, in milliseconds. */
const graceMs = 5000;

/** Has whoever owns a socket decide how it ends when its DNS name stands for another instance. */
export function onRetirement(socket: Socket, end: () => void): void {
  socket.once(retirement, end);
}

/** Ends a connection in order: whoever uses it sees an end, and no error. */
export function retire(socket: Socket): void {
  if (socket.emit(retirement)) return;
  socket.end();
  setTimeout(() => socket.destroy(), graceMs).unref();
}
