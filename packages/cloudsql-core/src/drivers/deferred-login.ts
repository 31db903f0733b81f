import type { Connector } from '../connector.ts';
import type { Engine } from '../credentials/database-user.ts';
import { type Login, openLogin, serverClosed, userPlaceholder } from '../login.ts';
import { type ConnectionOptions, type ResolvedConnection, resolveConnection } from '../options/connection-options.ts';
import { DeferredSocket, type DeferredSocketOptions } from './deferred-socket.ts';

/** What drivers of one engine say first, and what has to be done about it. */
export interface Protocol {
  readonly engine: Engine;
  /** Whether the binding has to find out the password, because the driver takes no function. */
  readonly asksPassword: boolean;
  /** What is altered on one connection; `login` may be called once the driver writes. */
  readonly wire: (login: () => Login, connection: ResolvedConnection) => Wire;
}

/** What is altered on one connection. */
export interface Wire extends Pick<DeferredSocketOptions, 'firstWrite' | 'incoming'> {
  /** Whether the server is to answer what the driver wrote. @default true */
  readonly wantsAnswer?: () => boolean;
}

/** What a driver logs in with. */
export interface DeferredLogin {
  /** The database user, or what is replaced by it on the wire. */
  readonly user: string;
  readonly connection: ResolvedConnection;
  /** What to give the driver as its own limit of a connection attempt, in milliseconds. */
  readonly timeoutMs: number;
  /** Makes the socket of one connection. It is not dialled before its `connect`. */
  readonly socket: (how?: SocketOptions) => DeferredSocket;
}

/** What is special about one socket. */
export interface SocketOptions {
  readonly make?: (options: DeferredSocketOptions) => DeferredSocket;
  /** The driver's limit for this attempt, where it is another one; 0 is none. */
  readonly driverTimeoutMs?: number | undefined;
  /** Called before the driver hears from the server. */
  readonly onLogin?: (login: Login) => void;
}

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
export function deferredLogin(protocol: Protocol, options: DeferredLoginOptions): DeferredLogin {
  const { connector, driverTimeoutMs } = options;
  const connection = resolveConnection(options.connection);
  const { user, password, authType } = connection;
  const request = {
    connector,
    connection: options.connection,
    engine: protocol.engine,
    user,
    withToken: authType === 'IAM_MANUAL',
    askPassword: protocol.asksPassword && typeof password === 'function' ? password : undefined,
  };
  const socket = ({ make = (how) => new DeferredSocket(how), onLogin, ...own }: SocketOptions = {}): DeferredSocket => {
    const limit = own.driverTimeoutMs ?? driverTimeoutMs;
    let login: Login;
    const { wantsAnswer = () => true, ...wire } = protocol.wire(() => login, connection);
    return make({
      ...wire,
      dial: async (signal) => {
        // The dial ends before the driver's own limit does, so that the error says what was being waited for.
        login = await openLogin({
          ...request,
          signal,
          ...(limit ? { timeoutMs: Math.max(Math.round(limit) - 200, 1) } : {}),
        });
        onLogin?.(login);
        return login.socket;
      },
      refused: (cause) => (wantsAnswer() || cause ? serverClosed(connector, options.connection, cause) : undefined),
    });
  };
  return {
    user: user ?? userPlaceholder,
    connection,
    timeoutMs: driverTimeoutMs ?? connector.dialTimeoutMs + 1000,
    socket,
  };
}
