/** What the client says in the metadata exchange. */
export interface ExchangeRequest {
  readonly userAgent: string;
  readonly authType: 'DB_NATIVE' | 'AUTO_IAM';
  /** Login token of the principal that connects. */
  readonly token: string;
}

/** What the server answers. */
export interface ExchangeResponse {
  /** 1 is OK, 2 is an error, 0 is what a server says that says nothing. */
  readonly code: number;
  readonly error: string;
}

/** Protobuf's wire types, as far as they exist today. */
const varintType = 0;
const fixed64Type = 1;
const bytesType = 2;
const fixed32Type = 5;

const authTypes = { DB_NATIVE: 1, AUTO_IAM: 2 } as const;

/**
 * Encodes `MetadataExchangeRequest { string user_agent = 1; AuthType auth_type = 2; string oauth2_token = 3; }`.
 * Source: googleapis, google/cloud/alloydb/connectors/v1alpha/resources.proto
 */
export function encodeExchangeRequest({ userAgent, authType, token }: ExchangeRequest): Buffer {
  return Buffer.concat([
    textField(1, userAgent),
    Buffer.from([(2 << 3) | varintType, authTypes[authType]]),
    textField(3, token),
  ]);
}

/**
 * Decodes `MetadataExchangeResponse { ResponseCode response_code = 1; string error = 2; }`; fields that it does not
 * have yet are skipped.
 * @throws Error for what is no protobuf message
 */
export function decodeExchangeResponse(bytes: Buffer): ExchangeResponse {
  const reader = new Reader(bytes);
  let code = 0;
  let error = '';
  while (!reader.done) {
    const tag = reader.varint();
    const type = tag % 8;
    const field = Math.floor(tag / 8);
    if (field === 1 && type === varintType) code = reader.varint();
    else if (field === 2 && type === bytesType) error = reader.bytes(reader.varint()).toString('utf8');
    else reader.skip(type);
  }
  return { code, error };
}

function textField(field: number, text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([Buffer.from([(field << 3) | bytesType]), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** Reads a message from front to back. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  varint(): number {
    // By arithmetic, since shifting would wrap at 32 bits. Ten bytes hold the 64 bits of the longest.
    for (let value = 0, i = 0; i < 10; i++) {
      const byte = this.bytes(1)[0]!;
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    throw new Error('it has a number that does not end');
  }

  bytes(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new Error('it ends in the middle of a field');
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }

  skip(type: number): void {
    if (type === varintType) this.varint();
    else if (type === fixed64Type) this.bytes(8);
    else if (type === bytesType) this.bytes(this.varint());
    else if (type === fixed32Type) this.bytes(4);
    else throw new Error(`it has a field of the unknown type ${type}`);
  }
}
