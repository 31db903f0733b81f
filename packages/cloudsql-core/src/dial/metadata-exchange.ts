import type { Duplex } from 'node:stream';
import { type CloudSqlErrorCode, cloudSqlError } from '../errors.ts';
import { decodeExchangeResponse, type ExchangeRequest, encodeExchangeRequest } from './exchange-messages.ts';
import { Ended, readExactly } from './read-exactly.ts';

/** No answer is longer than this, in bytes: the limit of Google's own connectors. */
const longestAnswer = 16_384;

/** How much of the server's own words goes into a message, in characters. */
const longestReason = 500;

/** Which server was reached, for messages. */
export interface ReachedTarget {
  readonly instance: string;
  readonly host: string;
  readonly port: number;
}

/**
 * Tells an AlloyDB server who connects, and waits until it agrees: length (32 bits, big-endian) and message, each way.
 * Takes exactly the answer from the socket; bytes behind it belong to the database. Its deadline is the signal. The
 * socket is destroyed if anything goes wrong.
 * @throws DialError `CLOUDSQL_EXCHANGE_REFUSED`, `CLOUDSQL_EXCHANGE_FAILED`, `CLOUDSQL_SERVER_CLOSED`
 */
export async function exchangeMetadata(
  socket: Duplex,
  request: ExchangeRequest,
  target: ReachedTarget,
  signal: AbortSignal,
): Promise<void> {
  // Whatever the socket says between two reads; each read reports what happens to it.
  const ignore = (): void => {};
  socket.on('error', ignore);
  try {
    const message = encodeExchangeRequest(request);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(message.length);
    socket.write(Buffer.concat([length, message]));
    judge(await readAnswer(socket, target, signal), request, target);
    socket.removeListener('error', ignore);
  } catch (error) {
    // The listener stays: a dying socket may have more to say.
    socket.destroy();
    throw error;
  }
}

async function readAnswer(socket: Duplex, at: ReachedTarget, signal: AbortSignal): Promise<Buffer> {
  const head = await readExactly(socket, 4, signal).catch((cause: unknown) => {
    // So it looks when the server refuses the client's certificate: it does that after the handshake.
    throw cause instanceof Ended && cause.received === 0 ? closed(cause, at) : failed(cause, at);
  });
  const length = head.readUInt32BE();
  if (length > longestAnswer) {
    throw exchangeError('CLOUDSQL_EXCHANGE_FAILED', `announced an answer of ${length} bytes`, at);
  }
  return readExactly(socket, length, signal).catch((cause: unknown) => {
    throw failed(cause, at);
  });
}

function judge(answer: Buffer, { token }: ExchangeRequest, at: ReachedTarget): void {
  let code: number;
  let error: string;
  try {
    ({ code, error } = decodeExchangeResponse(answer));
  } catch (cause) {
    const why = (cause as Error).message;
    throw exchangeError('CLOUDSQL_EXCHANGE_FAILED', `sent an answer that cannot be read: ${why}`, at, cause);
  }
  if (code === 1) return;
  const reason = printable(error, token);
  if (code === 2) {
    throw exchangeError('CLOUDSQL_EXCHANGE_REFUSED', `refused the login${reason || ' without giving a reason'}`, at);
  }
  throw exchangeError('CLOUDSQL_EXCHANGE_FAILED', `answered with the response code ${code}${reason}`, at);
}

/** What the server says, in one line, and never with the token in it. */
function printable(error: string, token: string): string {
  const line = error
    .replaceAll(token, '[token]')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .replace(/\.$/, '');
  return line === '' ? '' : `: ${line.slice(0, longestReason)}`;
}

function closed(cause: Ended, { instance, host, port }: ReachedTarget): Error {
  const what = `The server at ${host}:${port} closed the connection before the metadata exchange: ${cause.message}`;
  return cloudSqlError('CLOUDSQL_SERVER_CLOSED', what, { instance, cause: cause.cause });
}

function failed(cause: unknown, at: ReachedTarget): unknown {
  if (!(cause instanceof Ended)) return cause;
  return exchangeError(
    'CLOUDSQL_EXCHANGE_FAILED',
    `stopped in the middle of its answer: ${cause.message}`,
    at,
    cause.cause,
  );
}

function exchangeError(
  code: CloudSqlErrorCode,
  what: string,
  { instance, host, port }: ReachedTarget,
  cause?: unknown,
): Error {
  const details = cause === undefined ? { instance } : { instance, cause };
  return cloudSqlError(code, `In the metadata exchange, the server at ${host}:${port} ${what}`, details);
}
