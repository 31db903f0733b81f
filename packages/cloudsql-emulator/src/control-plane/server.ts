import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import { createServer as createNetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import type { CallLog } from '../call-log.ts';
import { EmulatorError, messageOf } from '../errors.ts';
import type { ApiFaults } from '../faults/api-faults.ts';
import { reachable } from '../listening.ts';
import { googleErrorResponse } from './google-error.ts';
import type { ApiCall, ApiResponse, Route } from './http-types.ts';
import { HttpError } from './http-types.ts';
import { readBody } from './request-body.ts';

/** What the control plane serves. */
export interface ControlPlaneOptions {
  readonly routes: readonly Route[];
  readonly calls: CallLog;
  readonly faults: ApiFaults;
  readonly port: number;
  /** IP address to listen on. */
  readonly host: string;
}

/** Called for each CONNECT request. */
export type TunnelHandler = (target: string, socket: Duplex, head: Buffer) => void;

/** First byte of a TLS connection, which no HTTP request begins with. */
const TLS_HANDSHAKE = 0x16;

/** The HTTP side of the emulator, with or without TLS on the same port. It also answers captured clients. */
export class ControlPlane {
  readonly #options: ControlPlaneOptions;
  readonly #http: Server;
  readonly #tcp: NetServer;
  readonly #sockets = new Set<Socket>();
  #onTls: (socket: Socket) => void = (socket) => socket.destroy();

  constructor(options: ControlPlaneOptions) {
    this.#options = options;
    // It listens nowhere: connections are given to it, once it is known whether they speak TLS.
    this.#http = createServer((request, response) => {
      // Nothing is thrown here; what could still fail is a write to a client that has gone.
      this.#answer(request, response).catch(() => response.destroy());
    });
    this.#http.on('clientError', (_error, socket) => {
      if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
      else socket.destroy();
    });
    this.#tcp = createNetServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  /** Address for programs on this machine, such as `127.0.0.1:port`. */
  get host(): string {
    const { address, port } = this.#tcp.address() as AddressInfo;
    return reachable(address, port);
  }

  async listen(): Promise<void> {
    const { host, port } = this.#options;
    try {
      this.#tcp.listen({ host, port });
      await once(this.#tcp, 'listening');
    } catch (cause) {
      throw new EmulatorError('ADDRESS_UNAVAILABLE', `Cannot listen on ${host}:${port}: ${messageOf(cause)}.`, {
        cause,
      });
    }
  }

  /** Says who ends TLS; decrypted sockets come back by {@link serve}. */
  onTls(handler: (socket: Socket) => void): void {
    this.#onTls = handler;
  }

  onTunnel(handler: TunnelHandler): void {
    this.#http.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#options.calls.add('connect', request.headers);
      handler(request.url ?? '', socket, head);
    });
  }

  /** Serves HTTP on a socket. */
  serve(socket: Socket): void {
    this.#http.emit('connection', socket);
  }

  async close(): Promise<void> {
    if (!this.#tcp.listening) return;
    const closed = once(this.#tcp, 'close');
    this.#tcp.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => this.#sockets.delete(socket));
    socket.once('readable', () => {
      const first: Buffer | null = socket.read();
      if (!first) return void socket.destroy();
      socket.unshift(first);
      if (first[0] === TLS_HANDSHAKE) this.#onTls(socket);
      else this.serve(socket);
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: target = '/', headers: asked, socket } = request;
    const { status, body, headers } = await this.answer({
      ...{ method, target, headers: asked, socket },
      body: () => readBody(request, asked['content-encoding']),
    });
    const isText = typeof body === 'string';
    const payload = Buffer.from(isText ? body : JSON.stringify(body));
    // An unread body would be taken for the next request.
    if (!request.complete) response.shouldKeepAlive = false;
    response.writeHead(status, {
      'content-type': isText ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8',
      'content-length': payload.length,
      date: new Date(Date.now() + this.#options.faults.clockAheadMs).toUTCString(),
      ...headers,
    });
    response.end(payload);
  }

  /** Answers a call, writes it down, and lets it suffer if it is to. Never rejects. */
  async answer(call: ApiCall): Promise<ApiResponse> {
    try {
      const { method, headers } = call;
      const url = parseUrl(call.target);
      const [route, match] = this.#find(call, url) ?? [];
      const record = this.#options.calls.add(route?.name ?? 'unknown', headers);
      const answer = await answerWithError(async () => {
        if (!route || !match) {
          throw new HttpError(googleErrorResponse(404, 'notFound', `Method not found: ${method} ${url.pathname}`));
        }
        const suffered = await this.#options.faults.meet(route, call);
        if (suffered) return suffered;
        const segments = match.slice(1).map((segment) => decodeURIComponent(segment));
        return await route.handle({ method, url, segments, headers, body: await call.body() });
      });
      record.status = answer.status;
      return answer;
    } catch {
      return googleErrorResponse(400, 'badRequest', 'Invalid URL.');
    }
  }

  /** Finds the method that a request is for. Who means to speak with Google finds what that host has, and no more. */
  #find({ method, headers }: ApiCall, url: URL): readonly [Route, RegExpExecArray] | undefined {
    const host = (headers.host ?? '').toLowerCase().replace(/:\d+$/, '');
    const isGoogle = host.endsWith('.googleapis.com');
    for (const route of this.#options.routes) {
      const match = route.path.exec(url.pathname);
      if (!match || !route.methods.includes(method)) continue;
      if (!isGoogle || route.hosts.includes(host)) return [route, match];
    }
    return undefined;
  }
}

async function answerWithError(act: () => Promise<ApiResponse>): Promise<ApiResponse> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof HttpError) return error.response;
    if (error instanceof URIError) return googleErrorResponse(400, 'badRequest', 'Invalid URL.');
    return googleErrorResponse(500, 'internalError', `Internal error of the emulator: ${messageOf(error)}`);
  }
}

function parseUrl(text: string): URL {
  return new URL(text, 'http://emulator');
}
