import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { alloyDbMethod } from './alloydb-grpc.ts';
import type { ApiCall, ApiResponse } from './http-types.ts';
import { readBody } from './request-body.ts';

/** Numbers that gRPC gives its statuses, by Google's names for them. */
const CODES: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
};
const UNKNOWN = 2;
/** Before each message: whether it is compressed, and its length. */
const PREFIX_BYTES = 5;

const NOT_IMPLEMENTED = {
  status: 'UNIMPLEMENTED',
  message: 'The GRPC target is not implemented on the server.',
};
/** Connectors that would rather tunnel through the API take the direct way for an instance that says so. The text is ours. */
const NO_SQL_DATA = { status: 'FAILED_PRECONDITION', message: 'The instance does not support SQL_DATA.' };

type Answer = (call: ApiCall) => Promise<ApiResponse>;

/**
 * Speaks gRPC on a connection, for the clients of Google that ask in that way. Each call is put as the one of the REST API
 * that says the same, so that it is checked, counted and made to fail like that.
 */
export async function serveGrpc(socket: TLSSocket, answer: Answer): Promise<void> {
  // Most emulators never meet such a client.
  const { performServerHandshake } = await import('node:http2');
  if (socket.destroyed) return;
  const session = performServerHandshake(socket);
  session.on('error', () => socket.destroy());
  session.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    respond(stream, headers, socket, answer).catch(() => stream.close());
  });
}

async function respond(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  socket: TLSSocket,
  answer: Answer,
): Promise<void> {
  const path = headers[':path'] ?? '';
  const method = alloyDbMethod(path);
  const known = { headers: { ...headers, host: headers[':authority'] ?? '' }, socket };
  if (!method) {
    // Not read: who streams may never end.
    stream.resume();
    await answer({ ...known, method: 'POST', target: path, body: async () => Buffer.alloc(0) });
    return fail(stream, path.endsWith('.SqlDataService/StreamSqlData') ? NO_SQL_DATA : NOT_IMPLEMENTED);
  }
  const body = await readBody(stream);
  const isWhole = body.length >= PREFIX_BYTES && body[0] === 0 && body.readUInt32BE(1) === body.length - PREFIX_BYTES;
  const asked = method.ask(body.subarray(PREFIX_BYTES));
  if (!isWhole || typeof asked === 'string') {
    return fail(stream, { status: 'INTERNAL', message: 'Failed to parse the request message.' });
  }
  const response = await answer({ ...known, ...asked, body: async () => asked.body });
  const json = response.body as Readonly<Record<string, unknown>>;
  if (response.status !== 200) return fail(stream, (json.error ?? {}) as GrpcError);
  const message = method.encode(json);
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(Buffer.concat([prefix, message]));
}

interface GrpcError {
  readonly status?: string;
  readonly message?: string;
}

function fail(stream: ServerHttp2Stream, { status = '', message = '' }: GrpcError): void {
  stream.respond(
    {
      ':status': 200,
      'content-type': 'application/grpc',
      'grpc-status': String(CODES[status] ?? UNKNOWN),
      // Printable ASCII stays as it is, but for the sign that begins an escape.
      'grpc-message': message.replaceAll(/[^\x20-\x24\x26-\x7e]/gu, encodeURIComponent),
    },
    { endStream: true },
  );
}
