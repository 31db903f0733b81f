import { once } from 'node:events';
import type { Server, TLSSocket } from 'node:tls';
import { createServer } from 'node:tls';
import type { ServerIdentity } from '../pki/certificate-authority.ts';

/** What a listener shows and whom it accepts. */
export interface ListenerOptions {
  readonly identity: ServerIdentity;
  /** Certificate of the authority that signs client certificates. */
  readonly clientAuthority: string;
  readonly onConnection: (socket: TLSSocket) => void;
  /** Called for each client that does not get through the handshake. */
  readonly onTlsFailure: (reason: string) => void;
}

/** Port of the server-side proxy, the same for every instance and every client. */
export const DATA_PORT = 3307;

const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Accepts TLS 1.3 connections with a client certificate on one address, and owns their sockets. */
export class Listener {
  readonly #server: Server;
  readonly #sockets = new Set<{ destroy(): void }>();

  constructor(options: ListenerOptions) {
    this.#server = createServer({
      cert: options.identity.cert,
      key: options.identity.key,
      ca: options.clientAuthority,
      minVersion: 'TLSv1.3',
      requestCert: true,
      rejectUnauthorized: true,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      noDelay: true,
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('secureConnection', (socket) => {
      // Not before: a client that leaves during the handshake must not stay half-open until that times out.
      socket.allowHalfOpen = true;
      options.onConnection(socket);
    });
    this.#server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      // Node knows more about a bad certificate than the error says: that only tells that the connection broke.
      const verdict: unknown = socket.authorizationError;
      options.onTlsFailure(typeof verdict === 'string' ? verdict : (error.code ?? error.message));
      socket.destroy();
    });
  }

  /** Listens on an address; fails with the system's error. */
  async listen(address: string): Promise<void> {
    this.#server.listen({ host: address, port: DATA_PORT, exclusive: true });
    await once(this.#server, 'listening');
    // From here on errors concern single connections, which report them themselves.
    this.#server.on('error', () => undefined);
  }

  /** Stops accepting. Connections live on. */
  stop(): void {
    if (this.#server.listening) this.#server.close();
  }

  /** Waits until all connections have ended, at most so many milliseconds. */
  async idle(graceMs: number): Promise<void> {
    const deadline = Date.now() + graceMs;
    while (this.#sockets.size > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  /** Gives the connections so many milliseconds to end, then destroys them. */
  async drain(graceMs: number): Promise<void> {
    await this.idle(graceMs);
    for (const socket of this.#sockets) socket.destroy();
  }
}
