/** The fields of a protobuf message, by number. One that is missing is empty, or 0; of one that is repeated, the last. */
export interface Fields {
  readonly text: (field: number) => string;
  readonly bytes: (field: number) => Buffer;
  readonly number: (field: number) => number;
}

const VARINT = 0;
const BYTES = 2;
/** Lengths of the fields of other types, in bytes. */
const FIXED: Readonly<Record<number, number>> = { 1: 8, 5: 4 };
const EMPTY = Buffer.alloc(0);

/** Decodes a protobuf message. Returns what is wrong with it, as the end of a sentence, if it is none. */
export function decodeFields(message: Buffer): Fields | string {
  const spans = new Map<number, Buffer>();
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
      if (length === undefined) return 'has a field of an unknown type';
      if (type === BYTES) spans.set(field, message.subarray(at, at + length));
      at += length;
    }
    // Also where a number was not a number.
    if (!(at <= message.length)) return 'is cut off';
  }
  if ([...numbers.values()].some(Number.isNaN)) return 'is cut off';
  const bytes = (field: number): Buffer => spans.get(field) ?? EMPTY;
  return { bytes, text: (field) => bytes(field).toString('utf8'), number: (field) => numbers.get(field) ?? 0 };
}

/** Encodes a field that holds a number from 0 up. */
export function numberField(field: number, value: number): Buffer {
  return Buffer.from([...varintOf(field * 8 + VARINT), ...varintOf(value)]);
}

/** Encodes a field that holds a text, bytes or a message. */
export function bytesField(field: number, value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([...varintOf(field * 8 + BYTES), ...varintOf(bytes.length)]), bytes]);
}

function varintOf(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varintOf(value >>> 7)];
}
