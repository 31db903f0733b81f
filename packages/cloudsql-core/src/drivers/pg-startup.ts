/** Protocol version 3.0, the number that tells a StartupMessage from SSLRequest and CancelRequest. */
const protocolVersion3 = 196_608;

/**
 * Puts the real database user into a StartupMessage that carries a placeholder for it. The placeholder as database
 * name is replaced too, since clients use the user's name where no database is given.
 * Source: https://www.postgresql.org/docs/current/protocol-message-formats.html (StartupMessage)
 */
export function renameUser(message: Buffer, placeholder: string, user: string): Buffer {
  if (message.length < 8 || message.readInt32BE(4) >>> 16 !== protocolVersion3 >>> 16) return message;
  const length = message.readInt32BE(0);
  const fields = message.toString('utf8', 8, length).split('\0');
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if ((fields[i] === 'user' || fields[i] === 'database') && fields[i + 1] === placeholder) fields[i + 1] = user;
  }
  const body = Buffer.from(fields.join('\0'));
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 8, 0);
  head.writeInt32BE(message.readInt32BE(4), 4);
  return Buffer.concat([head, body, message.subarray(length)]);
}
