import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a server answers. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

/** Answers the requests for one path. */
export type Route = (
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<Answer | undefined> | Answer | undefined;

/** A small HTTP server for probes and people. */
export class HttpServer {
  readonly #server: Server;
  readonly #host: string;

  private constructor(server: Server, host: string) {
    this.#server = server;
    this.#host = host;
  }

  /** Opens a server. @throws Error that says which of them, and where */
  static async open(
    what: string,
    { host, port }: { readonly host: string; readonly port: number },
    routes: Readonly<Record<string, Route>>,
  ): Promise<HttpServer> {
    const server = createServer((request, response) => void respond(routes, request, response));
    try {
      // As Go does: `localhost` is 127.0.0.1, also where the system names ::1 first.
      const { address } = await lookup(host, { order: 'ipv4first' });
      server.listen({ host: address, port, exclusive: true });
      await once(server, 'listening');
    } catch (error) {
      throw new Error(`Cannot open the ${what} server at ${place(host, port)}: ${(error as Error).message}`, {
        cause: error,
      });
    }
    server.on('error', () => {});
    return new HttpServer(server, host);
  }

  /** Where it listens. */
  get address(): string {
    return place(this.#host, (this.#server.address() as AddressInfo).port);
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

function place(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

async function respond(
  routes: Readonly<Record<string, Route>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.on('error', () => {});
  request.resume();
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  try {
    const answer = route ? await route(request, response) : { status: 404, body: 'not found' };
    if (answer) send(response, answer);
  } catch (error) {
    send(response, { status: 500, body: (error as Error).message });
  }
}

function send(response: ServerResponse, { status, body, type = 'text/plain; charset=utf-8' }: Answer): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(body);
}
