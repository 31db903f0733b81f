import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls, { type SecureContext, type TLSSocket } from 'node:tls';
import { waitOrAbort } from '../deadline.ts';
import { type CloudSqlErrorCode, cloudSqlError } from '../errors.ts';
import { checkServerIdentity, requestedName, type ServerIdentity } from './server-identity.ts';
import { connectThroughSocks, socksProxy } from './socks.ts';
import { stagger } from './stagger.ts';
import { connectTcp } from './tcp.ts';

/** Opens a connection to a host and port, for {@link ConnectorOptions.dial}. */
export type DialFunction = (target: {
  /** An IP address, or a DNS name where the address is that of a PSC endpoint. */
  readonly host: string;
  readonly port: number;
  /** The instance that the connection is for. */
  readonly instance: string;
  /** Fires when nobody waits any more: at the deadline, or because the caller gave up. */
  readonly signal: AbortSignal;
}) => Duplex | Promise<Duplex>;

/** Where to dial and what to expect there. */
export interface DialTarget {
  /** For messages. */
  readonly instance: string;
  /** All are the instance's; tried in turn. */
  readonly hosts: readonly string[];
  readonly port: number;
  readonly secureContext: SecureContext;
  readonly identity: (host: string) => ServerIdentity;
  /** Makes the connection in place of TCP. */
  readonly dial?: DialFunction | undefined;
  /** The addresses of a host that is a name. */
  readonly lookup: (host: string) => Promise<readonly string[]>;
}

/** A connection, and whom it leads to. */
export interface Reached<Socket> {
  readonly socket: Socket;
  readonly host: string;
}

/** Seconds of silence after which TCP asks whether the peer is still there, in milliseconds. */
const keepAliveMs = 30_000;

/**
 * Opens a connection and a TLS 1.3 session on it, and checks who answers. The socket is ready for the first byte of the
 * database protocol. The caller owns it, and its deadline is the signal.
 */
export async function dial(target: DialTarget, signal: AbortSignal): Promise<Reached<TLSSocket>> {
  const { socket, host } = await reach(target, signal).catch((cause: unknown) => {
    if (signal.aborted) throw signal.reason;
    throw failure('CLOUDSQL_DIAL_FAILED', 'No connection to @', target, target.hosts.join(', '), cause as Error);
  });
  return { socket: await secure(socket, host, target, signal), host };
}

async function reach(target: DialTarget, signal: AbortSignal): Promise<Reached<Duplex>> {
  const { hosts, port, instance, lookup } = target;
  const ways = Promise.all(
    hosts.map(async (host) => {
      const { dial: custom } = target;
      if (custom) return [async (signal: AbortSignal) => stream(await custom({ host, port, instance, signal }))];
      const proxy = socksProxy(host);
      if (proxy) return [(signal: AbortSignal) => connectThroughSocks(proxy, host, port, signal)];
      const addresses = net.isIP(host) ? [host] : await lookup(host);
      return addresses.map((address) => (signal: AbortSignal) => connectTcp(address, port, signal));
    }),
  );
  const attempts = (await waitOrAbort(ways, signal)).flatMap((connects, index) =>
    connects.map((connect) => async (signal: AbortSignal) => ({ socket: await connect(signal), host: hosts[index]! })),
  );
  return stagger(attempts, signal, ({ socket }) => socket.destroy());
}

function stream(value: Duplex): Duplex {
  if (typeof value?.pipe === 'function') return value;
  throw new TypeError('the option `dial` returned no stream');
}

function secure(connection: Duplex, host: string, target: DialTarget, signal: AbortSignal): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    // A custom dial function's stream may have no listener of its own; what happens to it happens to the session.
    connection.on('error', () => {});
    if (signal.aborted) {
      connection.destroy();
      return reject(signal.reason as Error);
    }
    const identity = target.identity(host);
    const name = requestedName(identity) ?? host;
    const socket = tls.connect({
      socket: connection,
      secureContext: target.secureContext,
      minVersion: 'TLSv1.3',
      // An IP address is no server name, and Node checks nothing on a resumed session: none is ever offered.
      ...(net.isIP(name) === 0 ? { servername: name } : {}),
      // Said explicitly, since NODE_TLS_REJECT_UNAUTHORIZED=0 would otherwise switch all checks off.
      rejectUnauthorized: true,
      checkServerIdentity: (_, certificate) => checkServerIdentity(identity, certificate),
    });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAliveMs);
    const settle = (): void => {
      signal.removeEventListener('abort', abort);
      socket.removeListener('error', fail);
      socket.removeListener('close', closed);
      socket.removeListener('secureConnect', ready);
    };
    const fail = (cause: Error): void => {
      settle();
      // Whatever the dying socket still says has no listener left.
      socket.on('error', () => {});
      socket.destroy();
      connection.destroy();
      reject(signal.aborted ? (signal.reason as Error) : tlsFailure(target, host, cause));
    };
    const abort = (): void => fail(signal.reason as Error);
    const closed = (): void => fail(new Error('the server closed the connection'));
    const ready = (): void => {
      if (!socket.authorized) {
        fail(socket.authorizationError ?? new Error('the server was not authenticated'));
        return;
      }
      settle();
      resolve(socket);
    };
    signal.addEventListener('abort', abort, { once: true });
    socket.on('error', fail).on('close', closed).on('secureConnect', ready);
  });
}

function tlsFailure(target: DialTarget, host: string, cause: Error & { code?: string }): Error {
  return identityCodes.has(cause.code ?? '')
    ? failure('CLOUDSQL_SERVER_IDENTITY', 'The server at @ is not the instance', target, host, cause)
    : failure('CLOUDSQL_TLS_FAILED', 'No TLS session with @', target, host, cause);
}

function failure(code: CloudSqlErrorCode, what: string, target: DialTarget, host: string, cause: Error): Error {
  const { instance, port } = target;
  const at = `${net.isIPv6(host) ? `[${host}]` : host}:${port}`;
  return cloudSqlError(code, `${what.replace('@', at)}: ${cause.message.replace(/\.$/, '')}`, { instance, cause });
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
