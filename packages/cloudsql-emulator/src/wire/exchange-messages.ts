/** What an AlloyDB client says before it speaks to the database. */
export interface ExchangeRequest {
  readonly userAgent: string;
  readonly authType: 'DB_NATIVE' | 'AUTO_IAM';
  readonly token: string;
}

/** Length of the longest message that either side may send, in bytes. */
export const MAX_EXCHANGE_BYTES = 16_384;

const VARINT = 0;
const BYTES = 2;
/** Lengths of the fields of other types, in bytes. */
const FIXED: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

/**
 * Decodes `MetadataExchangeRequest` (`user_agent` = 1, `auth_type` = 2, `oauth2_token` = 3); other fields are skipped.
 * Returns a sentence that says what is wrong if it is none.
 */
export function decodeExchangeRequest(message: Buffer): ExchangeRequest | string {
  const fields = decodeFields(message);
  if (typeof fields === 'string') return fields;
  const authType = fields.numbers.get(2) ?? 0;
  // 0 is what clients send that do not say; it means a database user with a password.
  if (authType > 2) return `the metadata exchange request has the unknown auth_type ${authType}`;
  return {
    userAgent: fields.texts.get(1) ?? '',
    authType: authType === 2 ? 'AUTO_IAM' : 'DB_NATIVE',
    token: fields.texts.get(3) ?? '',
  };
}

/** How a database client reaches a connector; a client that does not say so counts as `TCP`. */
export type ClientProtocol = 'TCP' | 'TLS' | 'UDS';

/**
 * Decodes the `MetadataExchangeRequest` of Cloud SQL (`user_agent` = 1, `client_protocol_type` = 2); other fields are
 * skipped. Returns `undefined` if it is none.
 */
export function decodeClientProtocol(
  message: Buffer,
): { readonly userAgent: string; readonly clientProtocol: ClientProtocol } | undefined {
  const fields = decodeFields(message);
  if (typeof fields === 'string') return undefined;
  const clientProtocol = (['TCP', 'TCP', 'TLS', 'UDS'] as const)[fields.numbers.get(2) ?? 0];
  return clientProtocol && { userAgent: fields.texts.get(1) ?? '', clientProtocol };
}

/** Texts and numbers of a protobuf message, by field. */
interface Fields {
  readonly texts: ReadonlyMap<number, string>;
  readonly numbers: ReadonlyMap<number, number>;
}

function decodeFields(message: Buffer): Fields | string {
  const texts = new Map<number, string>();
  const numbers = new Map<number, number>();
  let at = 0;
  const varint = (): number => {
    for (let value = 0, index = 0; index < 10; index++) {
      const byte = message[at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return value;
    }
    return Number.NaN;
  };
  while (at < message.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    const type = tag % 8;
    if (type === VARINT) {
      numbers.set(field, varint());
    } else {
      const length = type === BYTES ? varint() : FIXED[type];
      if (length === undefined) return 'the metadata exchange request has a field of an unknown type';
      if (type === BYTES) texts.set(field, message.toString('utf8', at, at + length));
      at += length;
    }
    // Also where a number was not a number.
    if (!(at <= message.length)) return 'the metadata exchange request is cut off';
  }
  if ([...numbers.values()].some(Number.isNaN)) return 'the metadata exchange request is cut off';
  return { texts, numbers };
}

/** Encodes a frame with `MetadataExchangeResponse` (`response_code` = 1, `error` = 2): OK, or an error. */
export function encodeExchangeResponse(error?: string): Buffer {
  const text = Buffer.from(error ?? '', 'utf8').subarray(0, MAX_EXCHANGE_BYTES - 16);
  const fields = error === undefined ? [0x08, 1] : [0x08, 2, 0x12, ...varintOf(text.length)];
  const message = Buffer.concat([Buffer.from(fields), text]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}

function varintOf(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varintOf(value >>> 7)];
}
