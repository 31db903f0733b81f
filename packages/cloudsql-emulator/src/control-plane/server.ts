import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { EmulatorError, messageOf } from '../errors.ts';
import type { ApiFaults } from '../faults/api-faults.ts';
import { reachable } from '../listening.ts';
import type { Statistics } from '../statistics.ts';
import { googleErrorResponse } from './google-error.ts';
import type { ApiResponse, Route } from './http-types.ts';
import { HttpError } from './http-types.ts';
import { readBody } from './request-body.ts';

/** What the control plane serves. */
export interface ControlPlaneOptions {
  readonly routes: readonly Route[];
  readonly statistics: Statistics;
  readonly faults: ApiFaults;
  readonly port: number;
  /** IP address to listen on. */
  readonly host: string;
}

/** Called for each CONNECT request. */
export type TunnelHandler = (target: string, socket: Duplex, head: Buffer) => void;

/** The HTTP side of the emulator. It also answers decrypted requests of captured clients. */
export class ControlPlane {
  readonly #options: ControlPlaneOptions;
  readonly #server: Server;
  /** Sockets of captured clients: for these the host they ask for decides which methods there are. */
  readonly #captured = new WeakSet<Duplex>();

  constructor(options: ControlPlaneOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      // Nothing is thrown here; what could still fail is a write to a client that has gone.
      this.#answer(request, response).catch(() => response.destroy());
    });
    this.#server.on('clientError', (_error, socket) => {
      if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
      else socket.destroy();
    });
  }

  /** Address for programs on this machine, such as `127.0.0.1:port`. */
  get host(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return reachable(address, port);
  }

  async listen(): Promise<void> {
    const { host, port } = this.#options;
    try {
      this.#server.listen({ host, port });
      await once(this.#server, 'listening');
    } catch (cause) {
      throw new EmulatorError('ADDRESS_UNAVAILABLE', `Cannot listen on ${host}:${port}: ${messageOf(cause)}.`, {
        cause,
      });
    }
  }

  onTunnel(handler: TunnelHandler): void {
    this.#server.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#options.statistics.count('connect');
      handler(request.url ?? '', socket, head);
    });
  }

  /** Serves HTTP on a decrypted socket whose client believes to speak with Google. */
  serveCaptured(socket: Socket): void {
    this.#captured.add(socket);
    this.#server.emit('connection', socket);
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body, headers } = await this.#handle(request);
    const isText = typeof body === 'string';
    const payload = Buffer.from(isText ? body : JSON.stringify(body));
    // An unread body would be taken for the next request.
    if (!request.complete) response.shouldKeepAlive = false;
    response.writeHead(status, {
      'content-type': isText ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8',
      'content-length': payload.length,
      ...headers,
    });
    response.end(payload);
  }

  async #handle(request: IncomingMessage): Promise<ApiResponse> {
    try {
      const url = parseUrl(request.url ?? '/');
      const isCaptured = this.#captured.has(request.socket);
      const host = (request.headers.host ?? '').toLowerCase().replace(/:\d+$/, '');
      for (const route of this.#options.routes) {
        const match = route.path.exec(url.pathname);
        if (!match || !route.methods.includes(request.method ?? '')) continue;
        if (isCaptured && !route.hosts.includes(host)) continue;
        this.#options.statistics.count(route.name);
        const suffered = await this.#options.faults.meet(route.name, request.socket);
        if (suffered) return suffered;
        const segments = match.slice(1).map((segment) => decodeURIComponent(segment));
        return await route.handle({ url, segments, headers: request.headers, body: await readBody(request) });
      }
      this.#options.statistics.count('unknown');
      return googleErrorResponse(404, 'notFound', `Method not found: ${request.method ?? ''} ${url.pathname}`);
    } catch (error) {
      if (error instanceof HttpError) return error.response;
      if (error instanceof URIError) return googleErrorResponse(400, 'badRequest', 'Invalid URL.');
      return googleErrorResponse(500, 'internalError', `Internal error of the emulator: ${messageOf(error)}`);
    }
  }
}

function parseUrl(text: string): URL {
  try {
    return new URL(text, 'http://emulator');
  } catch {
    throw new URIError('Invalid URL');
  }
}
