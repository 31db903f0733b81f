/** One message of the PostgreSQL protocol. */
export interface Message {
  /** The letter that says what it is. */
  readonly type: string;
  readonly body: Buffer;
}

/** What an ErrorResponse tells, besides that it ends the connection. */
export interface FatalError {
  /** SQLSTATE. */
  readonly code: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
}

/** SQLSTATEs of what the listener has to say. Source: https://www.postgresql.org/docs/current/errcodes-appendix.html */
export const sqlState = {
  connectionFailure: '08006',
  protocolViolation: '08P01',
  invalidAuthorization: '28000',
  invalidPassword: '28P01',
  tooManyConnections: '53300',
  adminShutdown: '57P01',
} as const;

/** Kinds of authentication messages. */
export const authentication = { ok: 0, cleartext: 3, md5: 5, sasl: 10, saslContinue: 11, saslFinal: 12 } as const;

/** Writes one message. */
export function encodeMessage(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 'latin1');
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** Writes a message that asks the client for something, or tells it how the login went. */
export function encodeAuthentication(kind: number, body: Buffer | string = ''): Buffer {
  const number = Buffer.alloc(4);
  number.writeInt32BE(kind, 0);
  return encodeMessage('R', Buffer.concat([number, Buffer.from(body)]));
}

/** Writes an ErrorResponse that ends the connection. */
export function encodeFatal({ code, message, detail, hint }: FatalError): Buffer {
  const fields = { S: 'FATAL', V: 'FATAL', C: code, M: message, D: detail, H: hint };
  const present = Object.entries(fields).filter(([, value]) => value);
  // A zero would end the field.
  const text = present.map(([letter, value]) => `${letter}${value?.replaceAll('\0', '')}\0`).join('');
  return encodeMessage('E', Buffer.from(`${text}\0`));
}

/** Writes the client's answer to a request for a password: a text that ends with a zero. */
export function encodePassword(password: string): Buffer {
  return encodeMessage('p', Buffer.from(`${password}\0`));
}

/** Writes the client's first answer to a request for SASL. */
export function encodeSaslStart(mechanism: string, message: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(Buffer.byteLength(message), 0);
  return encodeMessage('p', Buffer.concat([Buffer.from(`${mechanism}\0`), length, Buffer.from(message)]));
}
