import { once } from 'node:events';
import { createConnection } from 'node:net';
import type { Duplex } from 'node:stream';
import { MessageReader } from '../src/wire/message-reader.ts';
import { encodeMessage, encodeStartup, errorFields, text } from '../src/wire/messages.ts';

export { encodeMessage, encodeStartup, text };

/** Sends bytes, reads until the other side closes, and returns what came. */
export async function exchange(stream: Duplex, bytes: Buffer, end = false): Promise<Buffer> {
  const chunks: Buffer[] = [];
  stream.on('error', () => undefined);
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  if (end) stream.end(bytes);
  else stream.write(bytes);
  if (!stream.closed) await once(stream, 'close');
  return Buffer.concat(chunks);
}

/** Reads the message of the first ErrorResponse in what a server sent. */
export function fatal(received: Buffer): string | undefined {
  const error = [...new MessageReader().push(received)].find(({ type }) => type === 'E');
  return error && errorFields(error.body).message;
}

/** Opens a plain TCP connection. */
export async function plain(host: string, port: number): Promise<Duplex> {
  const socket = createConnection({ host, port });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}
