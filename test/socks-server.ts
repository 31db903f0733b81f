import { once } from 'node:events';
import net from 'node:net';

/** How a SOCKS5 server behaves. */
export interface SocksOptions {
  /** Who may use it. @default anybody */
  readonly login?: { readonly user: string; readonly password: string };
  /** What it knows of names. */
  readonly names?: (name: string) => Promise<string>;
  /** What it answers in place of a connection (RFC 1928, section 6). */
  readonly reply?: number;
  /** Says nothing from here on. */
  readonly silent?: 'GREETING' | 'REQUEST';
  /** Sends each byte of its answers by itself. */
  readonly slow?: boolean;
}

/** What a client asked a SOCKS5 server for. */
export interface SocksRequest {
  readonly form: 'IPv4' | 'IPv6' | 'NAME';
  readonly host: string;
  readonly port: number;
}

/** A SOCKS5 server on loopback, that is written from the RFC and not from our client. */
export class SocksServer {
  readonly requests: SocksRequest[] = [];
  readonly #options: SocksOptions;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();

  private constructor(options: SocksOptions) {
    this.#options = options;
    this.#server = net.createServer((socket) => {
      this.#keep(socket);
      this.#serve(socket).catch(() => socket.destroy());
    });
  }

  static async start(options: SocksOptions = {}): Promise<SocksServer> {
    const made = new SocksServer(options);
    made.#server.listen(0, '127.0.0.1');
    await once(made.#server, 'listening');
    return made;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as net.AddressInfo).port}`;
  }

  /** Clients that are connected now. */
  get clients(): number {
    return this.#sockets.size;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #keep(socket: net.Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket));
  }

  async #serve(socket: net.Socket): Promise<void> {
    const { login, reply = 0, silent } = this.#options;
    const read = reader(socket);
    const [, count = 0] = await read(2);
    const methods = await read(count);
    if (silent === 'GREETING') return;
    const method = login ? 2 : 0;
    if (!methods.includes(method)) return this.#say(socket, [5, 0xff]);
    await this.#say(socket, [5, method]);
    if (login) {
      const [, length = 0] = await read(2);
      const user = (await read(length)).toString();
      const password = (await read((await read(1))[0]!)).toString();
      const isRight = user === login.user && password === login.password;
      await this.#say(socket, [1, isRight ? 0 : 1]);
      if (!isRight) return;
    }
    const [, , , kind] = await read(4);
    const address = await read(kind === 1 ? 4 : kind === 4 ? 16 : (await read(1))[0]!);
    const port = (await read(2)).readUInt16BE();
    const form = kind === 1 ? 'IPv4' : kind === 4 ? 'IPv6' : 'NAME';
    const host = form === 'IPv4' ? [...address].join('.') : form === 'IPv6' ? address.toString('hex') : String(address);
    this.requests.push({ form, host, port });
    if (silent === 'REQUEST') return;
    if (reply !== 0) return this.#say(socket, [5, reply, 0, 1, 0, 0, 0, 0, 0, 0]);
    const target = net.connect(port, form === 'IPv4' ? host : await this.#options.names!(host));
    this.#keep(target);
    await once(target, 'connect');
    // What it has bound, as a name: the client has to read it, whatever its length is.
    await this.#say(socket, [5, 0, 0, 3, 5, ...Buffer.from('proxy'), 0, 1]);
    socket.pipe(target).pipe(socket);
  }

  async #say(socket: net.Socket, bytes: readonly number[]): Promise<void> {
    const chunks = this.#options.slow ? bytes.map((byte) => [byte]) : [bytes];
    for (const chunk of chunks) {
      socket.write(Buffer.from(chunk));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

/** Reads exactly so many bytes; what follows stays in the stream. */
function reader(socket: net.Socket): (bytes: number) => Promise<Buffer> {
  return async (bytes) => {
    for (;;) {
      const chunk = (bytes === 0 ? Buffer.alloc(0) : socket.read(bytes)) as Buffer | null;
      if (chunk) return chunk;
      if (socket.readableEnded || socket.destroyed) throw new Error('gone');
      await Promise.race([once(socket, 'readable'), once(socket, 'end'), once(socket, 'close')]);
    }
  };
}
