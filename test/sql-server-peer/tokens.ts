/** One column of one row. */
export interface Cell {
  readonly name: string;
  readonly value: number | string;
}

const done = { final: 0x00, more: 0x01, error: 0x02, count: 0x10 } as const;
const collation = Buffer.from('0904d00034', 'hex');

/** What answers a PRELOGIN: a version, and what the server thinks of encryption. */
export function preloginAnswer(encryption: number): Buffer {
  const [version, encrypt, end] = [0x00, 0x01, 0xff];
  const options = 11;
  const head = Buffer.from([version, 0, options, 0, 6, encrypt, 0, options + 6, 0, 1, end]);
  return Buffer.concat([head, Buffer.from([16, 0, 0x03, 0xe8, 0, 0, encryption])]);
}

/** What lets a client in. */
export function loginAnswer(database: string): Buffer {
  const changed = Buffer.concat([Buffer.from([1]), shortText(database), shortText('master')]);
  const acknowledged = Buffer.concat([
    Buffer.from([1, 0x74, 0, 0, 4]),
    shortText('Microsoft SQL Server'),
    Buffer.from([16, 0, 0x03, 0xe8]),
  ]);
  return Buffer.concat([token(0xe3, changed), token(0xad, acknowledged), doneToken(done.final)]);
}

/** What tells a client that something failed. */
export function errorAnswer(number: number, severity: number, message: string): Buffer {
  const head = Buffer.alloc(6);
  head.writeInt32LE(number, 0);
  head.set([1, severity], 4);
  const line = Buffer.alloc(4);
  line.writeInt32LE(1, 0);
  const body = Buffer.concat([head, longText(message), shortText('PEER'), shortText(''), line]);
  return Buffer.concat([token(0xaa, body), doneToken(done.error)]);
}

/** What answers a statement: one row, or none at all where it returns none. */
export function rowAnswer(row: readonly Cell[], isCall: boolean): Buffer {
  const count = row.length > 0 ? 1 : 0;
  const result = count === 0 ? [] : [columns(row), Buffer.from([0xd1]), ...row.map(({ value }) => encodeValue(value))];
  if (!isCall) return Buffer.concat([...result, doneToken(done.count, count)]);
  // A call tells how its statement ended, what the procedure returned, and how the call ended.
  const returned = Buffer.from([0x79, 0, 0, 0, 0]);
  return Buffer.concat([...result, doneToken(done.count | done.more, count, 0xff), returned, doneToken(0, 0, 0xfe)]);
}

function columns(row: readonly Cell[]): Buffer {
  const count = Buffer.from([0x81, row.length, 0]);
  return Buffer.concat([
    count,
    ...row.flatMap(({ name, value }) => [
      Buffer.from([0, 0, 0, 0, 0x09, 0]),
      typeof value === 'number' ? Buffer.from([0x26, 4]) : Buffer.concat([Buffer.from([0xe7, 0x40, 0x1f]), collation]),
      shortText(name),
    ]),
  ]);
}

function encodeValue(value: number | string): Buffer {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value, 'utf16le');
    const length = Buffer.alloc(2);
    length.writeUInt16LE(bytes.length);
    return Buffer.concat([length, bytes]);
  }
  const number = Buffer.from([4, 0, 0, 0, 0]);
  number.writeInt32LE(value, 1);
  return number;
}

function token(type: number, body: Buffer): Buffer {
  const head = Buffer.from([type, 0, 0]);
  head.writeUInt16LE(body.length, 1);
  return Buffer.concat([head, body]);
}

function doneToken(status: number, count = 0, type = 0xfd): Buffer {
  const bytes = Buffer.alloc(13);
  bytes[0] = type;
  bytes.writeUInt16LE(status, 1);
  bytes.writeUInt32LE(count, 5);
  return bytes;
}

function shortText(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'utf16le')]);
}

function longText(text: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16LE(text.length);
  return Buffer.concat([length, Buffer.from(text, 'utf16le')]);
}
