import { once } from 'node:events';
import type { ConnectionOptions, Connector } from '@x/cloudsql-core';

/** How long a server may take to let go of a connection that says nothing, in milliseconds. */
const lingerMs = 2000;

/**
 * Connects to an instance and hangs up in good order. With TLS 1.3 a server judges the client's certificate after the
 * handshake, so what it thinks of it is only known when it has hung up as well.
 * @throws ConfigError, RefreshError, DialError, or what the server's alert says
 */
export async function testConnection(
  connector: Connector,
  options: ConnectionOptions & { readonly timeoutMs?: number },
): Promise<void> {
  const socket = await connector.connect(options);
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  try {
    socket.resume().end();
    if (!socket.destroyed) await once(socket, 'close');
  } finally {
    clearTimeout(timer);
    socket.on('error', () => {}).destroy();
  }
}
