import { Duplex } from 'node:stream';
import { encodeMessage, kind } from './packets.ts';

/**
 * The carrier of TLS inside of TDS: the handshake travels as PRELOGIN messages, what comes after it as it is.
 * Bytes of the client are given to `receive`.
 */
export class InnerTls extends Duplex {
  readonly #socket: Duplex;
  #pending: Buffer = Buffer.alloc(0);
  #leaving: Buffer = Buffer.alloc(0);
  #flight: Buffer[] = [];

  constructor(socket: Duplex) {
    super();
    this.#socket = socket;
    socket.on('close', () => this.destroy());
  }

  /** Takes bytes from the client. No TLS record begins like a PRELOGIN packet. */
  receive(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    while (this.#pending[0] === kind.prelogin) {
      const length = this.#pending.length < 8 ? Number.POSITIVE_INFINITY : this.#pending.readUInt16BE(2);
      if (this.#pending.length < length) return;
      this.push(this.#pending.subarray(8, length));
      this.#pending = this.#pending.subarray(length);
    }
    if (this.#pending.length > 0) this.push(this.#pending);
    this.#pending = Buffer.alloc(0);
  }

  override _read(): void {}

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#leaving = Buffer.concat([this.#leaving, chunk]);
    for (let length = this.#recordLength(); length <= this.#leaving.length; length = this.#recordLength()) {
      this.#send(this.#leaving.subarray(0, length));
      this.#leaving = this.#leaving.subarray(length);
    }
    done();
  }

  /** Length of the next TLS record that leaves; infinite while its head is not there. */
  #recordLength(): number {
    return this.#leaving.length < 5 ? Number.POSITIVE_INFINITY : 5 + this.#leaving.readUInt16BE(3);
  }

  #send(record: Buffer): void {
    const [changeCipherSpec, handshake] = [0x14, 0x16];
    if (record[0] !== changeCipherSpec && record[0] !== handshake) {
      this.#socket.write(record);
      return;
    }
    // A client takes one message for each of its own, so what belongs together is sent together.
    if (this.#flight.length === 0) setImmediate(() => this.#sendFlight());
    this.#flight.push(record);
  }

  #sendFlight(): void {
    this.#socket.write(encodeMessage(kind.prelogin, Buffer.concat(this.#flight)));
    this.#flight = [];
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(done);
  }
}
