/** Version 3.0 of the PostgreSQL protocol, as it stands in a startup message. */
export const PROTOCOL_3_0 = 0x0003_0000;

/** What an ErrorResponse says. */
export interface ErrorFields {
  readonly code: string;
  readonly message: string;
}

/** Encodes text with its closing NUL. */
export function text(value: string): Buffer {
  return Buffer.from(`${value}\0`, 'utf8');
}

/** Encodes a StartupMessage. */
export function encodeStartup(parameters: ReadonlyMap<string, string>, protocol: number = PROTOCOL_3_0): Buffer {
  const pairs = [...parameters].flatMap(([name, value]) => [text(name), text(value)]);
  const body = Buffer.concat([...pairs, Buffer.alloc(1)]);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(head.length + body.length, 0);
  head.writeUInt32BE(protocol, 4);
  return Buffer.concat([head, body]);
}

/** Encodes an ErrorResponse that ends the connection. */
export function encodeFatal(error: ErrorFields): Buffer {
  return encodeSeverity('FATAL', error);
}

/** Encodes an ErrorResponse after which the connection goes on. */
export function encodeError(error: ErrorFields): Buffer {
  return encodeSeverity('ERROR', error);
}

function encodeSeverity(severity: string, { code, message }: ErrorFields): Buffer {
  const fields = [text(`S${severity}`), text(`V${severity}`), text(`C${code}`), text(`M${message}`), Buffer.alloc(1)];
  return encodeMessage('E', Buffer.concat(fields));
}

/** Encodes the request for a password in clear text. */
export function encodeCleartextRequest(): Buffer {
  return encodeMessage('R', Buffer.from([0, 0, 0, 3]));
}

/** Reads code and message of an ErrorResponse. */
export function errorFields(body: Buffer): ErrorFields {
  const fields = body.toString('utf8').split('\0');
  const find = (letter: string): string => fields.find((field) => field.startsWith(letter))?.slice(1) ?? '';
  return { code: find('C'), message: find('M') };
}

/** Encodes one message. */
export function encodeMessage(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 'latin1');
  head.writeUInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}
