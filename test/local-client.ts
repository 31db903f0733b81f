import { once } from 'node:events';
import net from 'node:net';
import { listen } from '@x/cloudsql-core/listener';
import pg from 'pg';
import { instance } from './cloud.ts';

type Options = Partial<Parameters<typeof listen>[0]>;

/** A listener on the instance of the tests. */
export function open(options: Options = {}): ReturnType<typeof listen> {
  return listen({ instance, database: 'orders', ...options });
}

/** A session over a URL. */
export async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client(url);
  // A test that ends a session on purpose looks at its queries.
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** The first row of a query over a URL. */
export async function query(
  url: string,
  sql = 'select current_user as user, current_database() as db',
): Promise<object> {
  const client = await connect(url);
  try {
    return (await client.query(sql)).rows[0];
  } finally {
    await client.end();
  }
}

/** The error of a login, as the client of a database sees it. */
export async function refusal(url: string): Promise<Partial<pg.DatabaseError>> {
  try {
    await query(url);
  } catch (error) {
    return error as pg.DatabaseError;
  }
  throw new Error('The login succeeded');
}

/** The URL with somebody else's login in it. */
export function as(url: string, user: string, password: string): string {
  return url.replace(/\/\/[^@]*@/, `//${encodeURIComponent(user)}:${encodeURIComponent(password)}@`);
}

/** A client that sends bytes as it likes, and reads until it is hung up on. */
export class RawClient {
  readonly socket: net.Socket;
  #received: Buffer = Buffer.alloc(0);

  private constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
    });
  }

  static async to(address: string): Promise<RawClient> {
    const socket = address.startsWith('/') ? net.connect(address) : net.connect(Number(address.split(':').at(-1)));
    const client = new RawClient(socket);
    await once(socket, 'connect');
    return client;
  }

  /** Sends bytes, and waits for so many in all. */
  async ask(bytes: Buffer | string, length: number): Promise<Buffer> {
    this.socket.write(bytes);
    while (this.#received.length < length && !this.socket.destroyed) await once(this.socket, 'data');
    return this.#received;
  }

  /** What has come when the other side has hung up. */
  async rest(): Promise<string> {
    return (await this.bytes()).toString();
  }

  /** {@link rest}, as it came. */
  async bytes(): Promise<Buffer> {
    if (!this.socket.destroyed) await once(this.socket, 'close');
    return this.#received;
  }
}

/** A packet without a type: its length, a code, and what belongs to it. */
export function packet(code: number, body: Buffer | string = ''): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + Buffer.byteLength(body), 0);
  head.writeUInt32BE(code, 4);
  return Buffer.concat([head, Buffer.from(body)]);
}

/** Waits until something is so. */
export async function until(condition: () => boolean, ms = 20_000): Promise<void> {
  const end = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`Not so after ${ms} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
