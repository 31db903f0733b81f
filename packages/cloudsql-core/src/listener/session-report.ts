import type { Socket } from 'node:net';
import { publish, type SessionEvent } from '../telemetry.ts';

let clients = 0;

/** Publishes how the session of one client goes. */
export function sessionReport(
  client: Socket,
  listener: string,
  instance: string,
): (phase: SessionEvent['phase'], error?: Error) => void {
  const id = ++clients;
  const started = performance.now();
  const { remoteAddress: address, remotePort } = client;
  const from = address && (address.includes(':') ? `[${address}]:${remotePort}` : `${address}:${remotePort}`);
  return (phase, error) =>
    publish('session', {
      phase,
      id,
      listener,
      instance,
      client: from,
      durationMs: performance.now() - started,
      bytesFromClient: client.bytesRead,
      bytesToClient: client.bytesWritten,
      ...(error ? { error } : {}),
    });
}
