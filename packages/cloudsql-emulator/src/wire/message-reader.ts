/** A message of the PostgreSQL protocol: its type letter and what follows the length. */
export interface WireMessage {
  readonly type: string;
  readonly body: Buffer;
}

/** Cuts a byte stream into messages, however the bytes were split. */
export class MessageReader {
  #pending: Buffer = Buffer.alloc(0);

  /** Bytes that wait for the rest of their message. */
  get pendingBytes(): number {
    return this.#pending.length;
  }

  /** Takes the next bytes and yields each message that is now complete. */
  *push(chunk: Buffer): Generator<WireMessage> {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (this.#pending.length >= 5) {
      const end = 1 + this.#pending.readUInt32BE(1);
      if (end < 5 || this.#pending.length < end) return;
      const message = { type: String.fromCharCode(this.#pending[0]!), body: this.#pending.subarray(5, end) };
      this.#pending = this.#pending.subarray(end);
      yield message;
    }
  }
}
