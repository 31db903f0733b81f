import type { Duplex } from 'node:stream';
import type { Server } from 'node:tls';
import { createServer } from 'node:tls';
import type { ServerIdentity } from '../pki/certificate-authority.ts';
import type { AlternativeNames } from '../pki/certificate-encoding.ts';
import { serveGrpc } from './grpc.ts';
import type { ControlPlane } from './server.ts';

/** What the certificate is for: captured hosts, and the emulator itself. */
export const TLS_NAMES: AlternativeNames = { dns: ['*.googleapis.com', 'localhost'], ip: ['127.0.0.1', '::1'] };

const HANDSHAKE_TIMEOUT_MS = 10_000;
const CAPTURED_TARGET = /^[a-z0-9-]+\.googleapis\.com:443$/i;

/**
 * The TLS of the control plane, and the far side of `HTTPS_PROXY`: ends the TLS of clients that want to speak with Google
 * and hands their requests to the control plane. Every other host is refused, so that a captured client reaches nothing
 * else.
 */
export class GoogleApisProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();

  constructor(identity: ServerIdentity, controlPlane: ControlPlane) {
    // It listens nowhere: connections are given to it.
    this.#server = createServer({
      ...identity,
      // Who can do with less than HTTP/2 gets less; who cannot speaks gRPC.
      ALPNCallback: ({ protocols }) => ['http/1.1', 'h2'].find((protocol) => protocols.includes(protocol)),
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    });
    this.#server.on('secureConnection', (socket) => {
      socket.on('error', () => undefined);
      if (socket.alpnProtocol !== 'h2') controlPlane.serve(socket);
      else serveGrpc(socket, (call) => controlPlane.answer(call)).catch(() => socket.destroy());
    });
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy());
    controlPlane.onTls((socket) => this.#server.emit('connection', socket));
    controlPlane.onTunnel((target, socket, head) => {
      this.#own(socket);
      if (!CAPTURED_TARGET.test(target)) {
        const body = `The emulator captures *.googleapis.com:443 only, not ${target.slice(0, 255)}.\n`;
        socket.end(
          `HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
        );
        return;
      }
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      if (head.length > 0) socket.unshift(head);
      this.#server.emit('connection', socket);
    });
  }

  /** Ends all tunnels. */
  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #own(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.#sockets.delete(socket));
  }
}
