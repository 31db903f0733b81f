import net from 'node:net';
import tls, { type SecureContext, type TLSSocket } from 'node:tls';
import { type CloudSqlErrorCode, cloudSqlError } from '../errors.ts';
import { checkServerIdentity, requestedName, type ServerIdentity } from './server-identity.ts';

/** Where to dial and what to expect there. */
export interface DialTarget {
  /** For messages. */
  readonly instance: string;
  readonly host: string;
  readonly port: number;
  readonly secureContext: SecureContext;
  readonly identity: ServerIdentity;
}

/** Seconds of silence after which TCP asks whether the peer is still there, in milliseconds. */
const keepAliveMs = 30_000;

/**
 * Opens a TCP connection and a TLS 1.3 session on it, and checks who answers. The socket is ready for the first byte
 * of the database protocol. The caller owns it, and its deadline is the signal.
 */
export function dial(target: DialTarget, signal: AbortSignal): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const { host, port, secureContext, identity } = target;
    const name = requestedName(identity) ?? host;
    const socket = tls.connect({
      host,
      port,
      secureContext,
      minVersion: 'TLSv1.3',
      // An IP address is no server name, and Node checks nothing on a resumed session: none is ever offered.
      ...(net.isIP(name) === 0 ? { servername: name } : {}),
      // Said explicitly, since NODE_TLS_REJECT_UNAUTHORIZED=0 would otherwise switch all checks off.
      rejectUnauthorized: true,
      checkServerIdentity: (_, certificate) => checkServerIdentity(identity, certificate),
    });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAliveMs);
    let connected = false;
    const settle = (): void => {
      signal.removeEventListener('abort', abort);
      socket.removeListener('error', fail);
      socket.removeListener('close', closed);
      socket.removeListener('connect', reached);
      socket.removeListener('secureConnect', ready);
    };
    const fail = (cause: Error): void => {
      settle();
      // Whatever the dying socket still says has no listener left.
      socket.on('error', () => {});
      socket.destroy();
      reject(signal.aborted ? (signal.reason as Error) : dialError(target, cause, connected));
    };
    const abort = (): void => fail(signal.reason as Error);
    const closed = (): void => fail(new Error('the server closed the connection'));
    const reached = (): void => {
      connected = true;
    };
    const ready = (): void => {
      if (!socket.authorized) {
        fail(socket.authorizationError ?? new Error('the server was not authenticated'));
        return;
      }
      settle();
      resolve(socket);
    };
    signal.addEventListener('abort', abort, { once: true });
    socket.on('error', fail).on('close', closed).on('connect', reached).on('secureConnect', ready);
  });
}

function dialError({ instance, host, port }: DialTarget, cause: Error & { code?: string }, connected: boolean): Error {
  const at = `${net.isIPv6(host) ? `[${host}]` : host}:${port}`;
  const message = cause.message.replace(/\.$/, '');
  if (!connected)
    return cloudSqlError('CLOUDSQL_DIAL_FAILED', `No connection to ${at}: ${message}`, { instance, cause });
  const code: CloudSqlErrorCode = identityCodes.has(cause.code ?? '')
    ? 'CLOUDSQL_SERVER_IDENTITY'
    : 'CLOUDSQL_TLS_FAILED';
  const what =
    code === 'CLOUDSQL_SERVER_IDENTITY' ? `The server at ${at} is not the instance` : `No TLS session with ${at}`;
  return cloudSqlError(code, `${what}: ${message}`, { instance, cause });
}

/** How Node names a certificate that does not chain to the CA, is out of date, or belongs to somebody else. */
const identityCodes = new Set([
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
]);
