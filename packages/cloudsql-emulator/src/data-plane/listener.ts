import { once } from 'node:events';
import type { Socket, Server as TcpServer } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import type { SecureContextOptions, Server, TLSSocket } from 'node:tls';
import { createServer } from 'node:tls';
import type { ConnectionFault } from '../faults/connection-faults.ts';
import type { ServerIdentity } from '../pki/certificate-authority.ts';

/** What a listener shows and whom it accepts. */
export interface TlsFace {
  readonly identity: ServerIdentity;
  /** Certificate of the authority that signs client certificates. */
  readonly clientAuthority: string;
  readonly tlsVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
}

/** A listener's face, and who hears of its connections. */
export interface ListenerOptions extends TlsFace {
  readonly onConnection: (socket: TLSSocket) => void;
  /** Called for each client that does not get through the handshake. */
  readonly onTlsFailure: (reason: string) => void;
}

/** Longer than any dial, because a thousand at once take their time on a busy machine. */
const HANDSHAKE_TIMEOUT_MS = 60_000;

/** Accepts TLS 1.3 connections with a client certificate on one address, and owns their sockets. */
export class Listener {
  readonly #tcp: TcpServer;
  readonly #tls: Server;
  readonly #sockets = new Set<Socket>();
  /** Those that are through the handshake. */
  readonly #secured = new Set<TLSSocket>();
  #address = '';
  #port = 0;
  #fault: ConnectionFault | undefined;

  constructor(options: ListenerOptions) {
    // It listens nowhere: connections are given to it, unless a fault keeps them.
    this.#tls = createServer({
      ...contextOf(options),
      requestCert: true,
      rejectUnauthorized: true,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    });
    this.#tcp = createTcpServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      if (this.#fault === 'RESET_AFTER_ACCEPT') socket.resetAndDestroy();
      else if (this.#fault === 'SILENT_BEFORE_HANDSHAKE') silence(socket);
      else this.#tls.emit('connection', socket);
    });
    this.#tls.on('secureConnection', (socket) => {
      if (this.#fault === 'RESET_AFTER_HANDSHAKE') return this.#reset(socket);
      if (this.#fault === 'SILENT_AFTER_HANDSHAKE') return silence(socket);
      this.#secured.add(socket);
      socket.once('close', () => this.#secured.delete(socket));
      // Not before: a client that leaves during the handshake must not stay half-open until that times out.
      socket.allowHalfOpen = true;
      options.onConnection(socket);
    });
    this.#tls.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      // Node knows more about a bad certificate than the error says: that only tells that the connection broke.
      const verdict: unknown = socket.authorizationError;
      options.onTlsFailure(typeof verdict === 'string' ? verdict : (error.code ?? error.message));
      socket.destroy();
    });
  }

  /** Listens on an address; fails with the system's error. */
  async listen(address: string, port: number): Promise<void> {
    this.#address = address;
    this.#port = port;
    this.#tcp.listen({ host: address, port, exclusive: true });
    await once(this.#tcp, 'listening');
  }

  /** Shows another face to connections that come from now on. */
  show(face: TlsFace): void {
    this.#tls.setSecureContext(contextOf(face));
  }

  /** Makes connections that come from now on go wrong, or right again. */
  async fail(fault: ConnectionFault | undefined): Promise<void> {
    const wasRefusing = this.#fault === 'REFUSED';
    this.#fault = fault;
    if (fault === 'REFUSED') this.stop();
    else if (wasRefusing) await this.listen(this.#address, this.#port);
  }

  /** Breaks connections off with a TCP reset, but for those that are to be spared, and returns how many there were. */
  drop(isSpared?: (socket: TLSSocket) => boolean): number {
    const secured = new Map([...this.#secured].map((socket) => [socket.remotePort, socket]));
    const hit = [...this.#sockets].filter(({ remotePort }) => {
      const socket = secured.get(remotePort);
      return !(socket && isSpared?.(socket));
    });
    for (const socket of hit) breakOff(socket, secured.get(socket.remotePort));
    return hit.length;
  }

  /** Stops accepting. Connections live on. */
  stop(): void {
    if (this.#tcp.listening) this.#tcp.close();
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

  /** Resets the TCP connection below a TLS socket, which cannot do that by itself. */
  #reset({ remoteAddress, remotePort }: TLSSocket): void {
    for (const socket of this.#sockets) {
      if (socket.remotePort === remotePort && socket.remoteAddress === remoteAddress) socket.resetAndDestroy();
    }
  }
}

function contextOf({ identity, clientAuthority, tlsVersion }: TlsFace): SecureContextOptions {
  const version = tlsVersion ?? 'TLSv1.3';
  return {
    cert: identity.cert,
    key: identity.key,
    ca: clientAuthority,
    minVersion: version,
    ...(tlsVersion ? { maxVersion: version } : {}),
  };
}

/**
 * Resets a TCP connection. Not while the end of the TLS session over it is on its way: Node would fail to, and lose the
 * socket, which stays open until the process ends.
 */
function breakOff(socket: Socket, session?: TLSSocket): void {
  const isEnding = session?.writableEnded && !session.writableFinished && session.writableLength === 0;
  if (isEnding) socket.destroy();
  else socket.resetAndDestroy();
}

/** Takes all that a client sends and never answers, until the client leaves. */
function silence(socket: Socket): void {
  socket.on('error', () => undefined);
  socket.resume();
}
