import type { Duplex } from 'node:stream';
import { readExactly } from '../data-plane/socket-reader.ts';

/** One packet of the MySQL protocol. */
export interface Packet {
  /** Counts the packets of one exchange, in both directions together. */
  readonly sequence: number;
  readonly body: Buffer;
}

/** What an ERR packet says. */
export interface MysqlError {
  readonly code: number;
  readonly sqlState: string;
  readonly message: string;
}

/** First bytes of what a server answers during a login. */
export const ANSWER = { ok: 0x00, authMoreData: 0x01, authSwitch: 0xfe, err: 0xff } as const;

const HEAD_BYTES = 4;

/** Encodes one packet of less than 16 MB. */
export function encodePacket({ sequence, body }: Packet): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUIntLE(body.length, 0, 3);
  head[3] = sequence & 0xff;
  return Buffer.concat([head, body]);
}

/** Reads one packet and leaves what follows in the stream; `undefined` if there is none, or it is too long. */
export async function readPacket(stream: Duplex, maxBytes: number, signal: AbortSignal): Promise<Packet | undefined> {
  const head = await readExactly(stream, HEAD_BYTES, signal);
  const length = head?.readUIntLE(0, 3) ?? 0;
  if (!head || length === 0 || length > maxBytes) return undefined;
  const body = await readExactly(stream, length, signal);
  return body && { sequence: head[3]!, body };
}

/** Cuts a byte stream into packets, however the bytes were split. */
export class PacketReader {
  #pending: Buffer = Buffer.alloc(0);

  /** Bytes that wait for the rest of their packet. */
  get pendingBytes(): number {
    return this.#pending.length;
  }

  /** Takes the next bytes and yields each packet that is now complete. */
  *push(chunk: Buffer): Generator<Packet> {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (this.#pending.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + this.#pending.readUIntLE(0, 3);
      if (this.#pending.length < end) return;
      const packet = { sequence: this.#pending[3]!, body: this.#pending.subarray(HEAD_BYTES, end) };
      this.#pending = this.#pending.subarray(end);
      yield packet;
    }
  }
}

/** Encodes the body of an ERR packet. */
export function encodeErr({ code, sqlState, message }: MysqlError): Buffer {
  const head = Buffer.from([ANSWER.err, code & 0xff, code >>> 8]);
  return Buffer.concat([head, Buffer.from(`#${sqlState}${message}`)]);
}

/** Reads the body of an ERR packet; before a client has said what it can, it has no SQLSTATE. */
export function parseErr(body: Buffer): MysqlError {
  const text = body.toString('utf8', 3);
  const code = body.length >= 3 ? body.readUInt16LE(1) : 0;
  return text.startsWith('#')
    ? { code, sqlState: text.slice(1, 6), message: text.slice(6) }
    : { code, sqlState: 'HY000', message: text };
}

/** Encodes text with its closing NUL. */
export function text(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}
