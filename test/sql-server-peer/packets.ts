/** The kinds of TDS packets that a client of this peer sends, and the one that it gets. */
export const kind = { batch: 0x01, rpc: 0x03, answer: 0x04, attention: 0x06, login: 0x10, prelogin: 0x12 } as const;

/** A whole TDS message: the payloads of its packets. */
export interface Message {
  readonly kind: number;
  readonly payload: Buffer;
}

const headBytes = 8;
const endOfMessage = 1;
const packetBytes = 4096;

/** One message as packets. */
export function encodeMessage(type: number, payload: Buffer): Buffer {
  const packets: Buffer[] = [];
  const most = packetBytes - headBytes;
  for (let at = 0; at === 0 || at < payload.length; at += most) {
    const part = payload.subarray(at, at + most);
    const last = at + most >= payload.length;
    const head = Buffer.from([type, last ? endOfMessage : 0, 0, 0, 0, 0, (packets.length + 1) & 0xff, 0]);
    head.writeUInt16BE(headBytes + part.length, 2);
    packets.push(head, part);
  }
  return Buffer.concat(packets);
}

/** Cuts a byte stream into messages, however the bytes were split. */
export class MessageReader {
  #pending: Buffer = Buffer.alloc(0);
  #parts: Buffer[] = [];

  /** Takes the next bytes and yields each message that is now complete. */
  *push(chunk: Buffer): Generator<Message> {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    while (this.#pending.length >= headBytes) {
      const length = this.#pending.readUInt16BE(2);
      if (length < headBytes) throw new Error(`a TDS packet of ${length} bytes`);
      if (this.#pending.length < length) return;
      const [type, status] = [this.#pending[0]!, this.#pending[1]!];
      this.#parts.push(this.#pending.subarray(headBytes, length));
      this.#pending = this.#pending.subarray(length);
      if ((status & endOfMessage) === 0) continue;
      const payload = Buffer.concat(this.#parts);
      this.#parts = [];
      yield { kind: type, payload };
    }
  }
}
