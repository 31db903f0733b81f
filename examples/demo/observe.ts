import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { DialEvent } from '@x/cloudsql-core';

/** What a live connection says of itself. */
export interface Observed {
  readonly tlsProtocol: string;
  readonly tlsCipher: string;
  readonly certificateExpires: string;
}

const running = new AsyncLocalStorage<{ last?: Observed }>();

subscribe('cloudsql:dial', (message) => {
  const program = running.getStore();
  const { socket } = message as DialEvent;
  if (!program || !socket) return;
  const expires = socket.getX509Certificate()?.validTo;
  program.last = {
    tlsProtocol: socket.getProtocol() ?? '',
    tlsCipher: socket.getCipher().name,
    certificateExpires: expires ? new Date(expires).toISOString() : '',
  };
});

/** Runs `work` and reads TLS protocol, cipher and client certificate from the last socket that it dialled. */
export async function observe<T>(work: () => Promise<T>): Promise<T & Observed> {
  const program: { last?: Observed } = {};
  const result = await running.run(program, work);
  if (!program.last) throw new Error('no connection was seen');
  return { ...result, ...program.last };
}
