/** The major version of the protocol, which tells a StartupMessage from SSLRequest and CancelRequest. */
const majorVersion = 3;

/** The code of a CancelRequest, which stands where a StartupMessage has the version. */
export const cancelRequest = 80_877_102;

/** The codes that ask for encryption: SSLRequest and GSSENCRequest. */
export const encryptionRequests: readonly number[] = [80_877_103, 80_877_104];

/** What a StartupMessage says, in order. */
export type StartupParameters = readonly (readonly [name: string, value: string])[];

/** Whether a number, as it stands after the length, is a version that can be spoken. */
export function isKnownVersion(code: number): boolean {
  return code >>> 16 === majorVersion;
}

/** Whether a packet asks for the cancellation of a query: its sender expects no answer. */
export function isCancelRequest(packet: Buffer): boolean {
  return packet.length >= 8 && packet.readInt32BE(4) === cancelRequest;
}

/**
 * Reads the parameters of a StartupMessage; undefined if they are not what the protocol says they are.
 * Source: https://www.postgresql.org/docs/current/protocol-message-formats.html (StartupMessage)
 */
export function parseParameters(body: Buffer): StartupParameters | undefined {
  if (body.at(-1) !== 0) return undefined;
  const fields = body.toString('utf8').split('\0');
  // Pairs, the empty name that ends them, and what follows the last zero.
  if (fields.length % 2 !== 0 || fields.at(-2) !== '') return undefined;
  const parameters: [string, string][] = [];
  for (let i = 0; i < fields.length - 2; i += 2) {
    if (fields[i] === '') return undefined;
    parameters.push([fields[i]!, fields[i + 1]!]);
  }
  return parameters;
}

/** Writes a StartupMessage. */
export function encodeStartup(version: number, parameters: StartupParameters): Buffer {
  const body = Buffer.from(`${parameters.map(([name, value]) => `${name}\0${value}\0`).join('')}\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 8, 0);
  head.writeInt32BE(version, 4);
  return Buffer.concat([head, body]);
}

/**
 * Puts the real database user where a placeholder for it stands. The placeholder as database name is replaced too,
 * since clients use the user's name where no database is given.
 */
export function replaceUser(parameters: StartupParameters, placeholder: string, user: string): StartupParameters {
  return parameters.map(([name, value]) =>
    (name === 'user' || name === 'database') && value === placeholder ? [name, user] : [name, value],
  );
}

/** {@link replaceUser} in a StartupMessage as it was written; any other packet is left alone. */
export function renameUser(message: Buffer, placeholder: string, user: string): Buffer {
  if (message.length < 8 || !isKnownVersion(message.readInt32BE(4))) return message;
  const length = message.readInt32BE(0);
  const parameters = parseParameters(message.subarray(8, length));
  if (!parameters) return message;
  const renamed = encodeStartup(message.readInt32BE(4), replaceUser(parameters, placeholder, user));
  return Buffer.concat([renamed, message.subarray(length)]);
}
