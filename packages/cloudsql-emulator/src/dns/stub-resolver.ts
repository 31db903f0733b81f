import type { Socket as UdpSocket } from 'node:dgram';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { Packet } from 'dns-packet';
import { decode, encode, streamDecode, streamEncode, TRUNCATED_RESPONSE } from 'dns-packet';
import type { Zone } from './zone.ts';

const HOST = '127.0.0.1';
/** What fits a datagram of plain DNS; longer answers are fetched over TCP. */
const LONGEST_DATAGRAM = 512;
const LONGEST_QUERY = 4096;
/** A port that is free for TCP may be taken for UDP. */
const ATTEMPTS = 20;

/** A resolver on loopback, UDP and TCP on one port, that knows one zone and asks nobody else. */
export class StubResolver {
  readonly #zone: Zone;
  readonly #sockets = new Set<Socket>();
  #server = '';
  #tcp: Server | undefined;
  #udp: UdpSocket | undefined;

  constructor(zone: Zone) {
    this.#zone = zone;
  }

  /** Its address, `127.0.0.1:port`, once it listens. */
  get server(): string {
    return this.#server;
  }

  async listen(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.#tcp = createServer((socket) => this.#serve(socket));
      this.#udp = createSocket('udp4');
      try {
        await once(this.#tcp.listen({ host: HOST, port: 0 }), 'listening');
        const { port } = this.#tcp.address() as AddressInfo;
        await once(this.#udp.bind({ address: HOST, port, exclusive: true }), 'listening');
        this.#server = `${HOST}:${port}`;
        break;
      } catch (error) {
        this.#tcp.close();
        this.#udp.close();
        if (attempt === ATTEMPTS) throw error;
      }
    }
    const udp = this.#udp;
    udp.on('message', (query, { address, port }) => {
      const answer = this.#answer(query);
      if (!answer) return;
      const bytes = encode(answer);
      const isLong = bytes.length > LONGEST_DATAGRAM;
      const sent = isLong
        ? encode({ ...answer, flags: (answer.flags ?? 0) | TRUNCATED_RESPONSE, answers: [], authorities: [] })
        : bytes;
      udp.send(sent, port, address, () => undefined);
    });
    udp.on('error', () => undefined);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const closed = [this.#tcp, this.#udp].map((server) => new Promise<void>((done) => server?.close(() => done())));
    await Promise.all(closed);
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    let received = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const length = 2 + received.readUInt16BE(0);
        const answer = this.#answer(received.subarray(0, length), true);
        received = received.subarray(length);
        if (answer) socket.write(streamEncode(answer));
      }
      if (received.length > LONGEST_QUERY) socket.destroy();
    });
  }

  /** The answer to a query; none to what is no query. */
  #answer(bytes: Buffer, isStream = false): Packet | undefined {
    try {
      const query = isStream ? streamDecode(bytes) : decode(bytes);
      return query?.type === 'query' ? this.#zone.answer(query) : undefined;
    } catch {
      return undefined;
    }
  }
}
