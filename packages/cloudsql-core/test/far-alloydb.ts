import { createPublicKey, randomInt } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import { Authority } from './authority.ts';
import { decodeRequest, responseFrame } from './exchange-codec.ts';

/** One call of the API, as the far side got it. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

/** What a test changes in how the far side behaves. */
export interface Behaviour {
  /** Alters the answer of `connectionInfo`. */
  info?: (answer: Record<string, unknown>) => Record<string, unknown>;
  /** Alters the answer of `generateClientCertificate`. */
  certificate?: (answer: Record<string, unknown>, authority: Authority) => unknown;
  certificateExpires?: Date;
  /** Names in the server's certificate. @default its address */
  names?: { dns?: string[]; ip?: string[] };
  commonName?: string;
  /** Answers the metadata exchange. @default OK */
  exchange?: (socket: TLSSocket) => void;
}

/**
 * The far side of AlloyDB, made of other parts than the emulator: an API and a TLS server that reads the metadata
 * exchange with a library for protobuf.
 */
export class FarAlloyDb {
  readonly calls: Call[] = [];
  /** The requests of metadata exchanges. */
  readonly exchanges: Record<string, unknown>[] = [];
  readonly sockets = new Set<TLSSocket>();
  readonly #behaviour: Behaviour;
  readonly #root: Authority;
  readonly #clients: Authority;
  readonly #api: http.Server;
  #tls: tls.Server | undefined;
  address = '';

  private constructor(behaviour: Behaviour, root: Authority, clients: Authority) {
    this.#behaviour = behaviour;
    this.#root = root;
    this.#clients = clients;
    this.#api = http.createServer((request, response) => {
      this.#answer(request).then(
        (answer) => response.end(JSON.stringify(answer)),
        (error: Error) => response.writeHead(500).end(error.message),
      );
    });
  }

  static async start(behaviour: Behaviour = {}): Promise<FarAlloyDb> {
    const root = await Authority.create('root.alloydb');
    const far = new FarAlloyDb(behaviour, root, await Authority.create('client.alloydb', root));
    far.#api.listen(0, '127.0.0.1');
    await once(far.#api, 'listening');
    await far.#listen();
    return far;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#api.address() as AddressInfo).port}`;
  }

  get certificateCalls(): number {
    return this.calls.filter(({ method }) => method === 'POST').length;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.#api.closeAllConnections();
    for (const server of [this.#api, this.#tls]) {
      server?.close();
      if (server) await once(server, 'close');
    }
  }

  async #listen(): Promise<void> {
    // An address of its own, because the port is always the same. Where there is but one, that has to do.
    for (const address of [`127.${randomInt(2, 250)}.${randomInt(250)}.${randomInt(2, 250)}`, '127.0.0.1']) {
      const { names = { ip: [address] }, commonName = 'server.alloydb' } = this.#behaviour;
      const server = tls.createServer({
        ...(await this.#root.issue(commonName, { names })),
        ca: this.#root.pem,
        requestCert: true,
        minVersion: 'TLSv1.3',
      });
      server.on('secureConnection', (socket) => this.#serve(socket));
      server.listen(5433, address);
      const listening = await once(server, 'listening').then(
        () => true,
        () => false,
      );
      if (!listening) continue;
      this.#tls = server;
      this.address = address;
      return;
    }
    throw new Error('no address with a free port 5433');
  }

  #serve(socket: TLSSocket): void {
    this.sockets.add(socket);
    socket.on('error', () => {}).on('close', () => this.sockets.delete(socket));
    let received = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 4 || received.length < 4 + received.readUInt32BE()) return;
      socket.removeAllListeners('data').resume();
      this.exchanges.push(decodeRequest(received.subarray(4)));
      if (this.#behaviour.exchange) this.#behaviour.exchange(socket);
      else socket.write(responseFrame({ responseCode: 1 }));
    });
  }

  async #answer(request: http.IncomingMessage): Promise<unknown> {
    const text = (await request.toArray()).join('');
    const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
    const { method = '', url: path = '', headers } = request;
    this.calls.push({ method, path, headers, body });
    if (method === 'GET') {
      const answer = { name: 'x/connectionInfo', ipAddress: this.address, instanceUid: 'uid' };
      return this.#behaviour.info?.(answer) ?? answer;
    }
    const notAfter = this.#behaviour.certificateExpires;
    const { cert } = await this.#clients.issue('client', {
      publicKey: spki(String(body.publicKey)),
      ...(notAfter && { notAfter }),
    });
    const answer = { pemCertificateChain: [cert, this.#clients.pem, this.#root.pem], caCert: this.#root.pem };
    return (await this.#behaviour.certificate?.(answer, this.#clients)) ?? answer;
  }
}

/** Only PKCS #1 is read, so that a client which sends something else under its label fails. */
function spki(pem: string): string {
  const key = createPublicKey({ key: pem, format: 'pem', type: 'pkcs1' });
  return key.export({ format: 'pem', type: 'spki' }).toString();
}
