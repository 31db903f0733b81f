import type { Connector } from '../connector.ts';
import { type ConnectionOptions, resolveConnection } from '../options/connection-options.ts';
import { openLogin, passwordPlaceholder, serverClosed, userPlaceholder } from '../postgres/login.ts';
import { isCancelRequest, renameUser } from '../postgres/startup-message.ts';
import { DeferredSocket, type DeferredSocketOptions } from './deferred-socket.ts';

/** What a driver for PostgreSQL logs in with. */
export interface DeferredLogin {
  /** The database user, or what is replaced by it on the wire. */
  readonly user: string;
  readonly password: string | (() => string | Promise<string>);
  /** What to give the driver as its own limit of a connection attempt, in milliseconds. */
  readonly timeoutMs: number;
  /** Makes the socket of one connection. It is not dialled before its `connect`. */
  readonly socket: (make?: SocketMaker) => DeferredSocket;
}

type SocketMaker = (options: DeferredSocketOptions) => DeferredSocket;

export interface DeferredLoginOptions {
  readonly connection: ConnectionOptions;
  readonly connector: Connector;
  /** The driver's own limit of a connection attempt, where the user set it; 0 is none. */
  readonly driverTimeoutMs: number | undefined;
}

/**
 * Sockets and credentials for drivers that want both before anything is known: the user is put into the first message,
 * and the token is there when the server asks for a password.
 * @throws ConfigError
 */
export function deferredLogin({ connection, connector, driverTimeoutMs }: DeferredLoginOptions): DeferredLogin {
  const { user, password, authType } = resolveConnection(connection);
  const withToken = authType === 'IAM_MANUAL';
  // The dial ends before the driver's own limit does, so that the error says what was being waited for.
  const limit = driverTimeoutMs ? { timeoutMs: Math.max(driverTimeoutMs - 200, 1) } : {};
  let loginToken = '';
  const socket = (make: SocketMaker = (options) => new DeferredSocket(options)): DeferredSocket => {
    let name = '';
    let cancels = false;
    return make({
      dial: async (signal) => {
        const login = await openLogin({ connector, connection, user, withToken, signal, ...limit });
        name = login.user;
        loginToken = login.token ?? '';
        return login.socket;
      },
      firstWrite(chunk) {
        cancels = isCancelRequest(chunk);
        return user === undefined ? renameUser(chunk, userPlaceholder, name) : chunk;
      },
      refused: (cause) => (cancels && !cause ? undefined : serverClosed(connector, connection, cause)),
    });
  };
  return {
    user: user ?? userPlaceholder,
    password: password ?? (withToken ? () => loginToken : () => passwordPlaceholder),
    timeoutMs: driverTimeoutMs ?? connector.dialTimeoutMs + 1000,
    socket,
  };
}
