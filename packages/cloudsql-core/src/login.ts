import type { TLSSocket } from 'node:tls';
import type { Connector } from './connector.ts';
import type { Engine } from './credentials/database-user.ts';
import { deadline, waitOrAbort } from './deadline.ts';
import { type CloudSqlError, ConfigError, cloudSqlError, DialError } from './errors.ts';
import type { ConnectionOptions } from './options/connection-options.ts';

/** Stands for the user until the credentials have said who they are; no one can be called that. */
export const userPlaceholder = 'cloudsql-user-not-known-yet';

/** A driver that should ignore the socket it is given and dial by itself fails here, loudly. */
export const bypass = { host: 'cloudsql-connector-bypassed.invalid', port: 1 } as const;

/** Sent where an IAM login needs no password: the server ignores it, and only a driver would stumble over none. */
export const passwordPlaceholder = 'iam';

/** Who wants to log in where. */
export interface LoginRequest {
  readonly connector: Connector;
  readonly connection: ConnectionOptions;
  /** What the client speaks. */
  readonly engine: Engine;
  /** The database user, where it is known. */
  readonly user: string | undefined;
  /** Whether the login token is sent as the password. */
  readonly withToken: boolean;
  /** Tells the password, where nobody else asks for it. */
  readonly askPassword?: (() => string | Promise<string>) | undefined;
  readonly signal: AbortSignal;
  /** @default the connector's `dialTimeoutMs` */
  readonly timeoutMs?: number;
}

/** A socket on which nothing has been said yet, and what to log in with. The caller owns the socket. */
export interface Login {
  readonly socket: TLSSocket;
  readonly user: string;
  /** The login token, or the password; undefined unless it was asked for. */
  readonly secret: string | undefined;
}

/**
 * Opens a socket to an instance, and finds out meanwhile who logs in.
 * @throws ConfigError, RefreshError, DialError
 */
export async function openLogin({ connector, connection, engine, ...request }: LoginRequest): Promise<Login> {
  const { signal, timeoutMs = connector.dialTimeoutMs } = request;
  const { instance } = connection;
  const what = `Waited ${timeoutMs} ms for who logs in`;
  const limit = deadline(timeoutMs, () => cloudSqlError('CLOUDSQL_DIAL_TIMEOUT', what, { instance }), signal);
  const inTime = <T>(promise: Promise<T>): Promise<T> => waitOrAbort(promise, limit.signal);
  const askToken = async (): Promise<string> => (await connector.loginToken({ instance })).token;
  const ask = request.withToken ? askToken : request.askPassword;
  const secret = ask && inTime((async () => ask())());
  const user = request.user ?? inTime(connector.databaseUser({ engine, instance }));
  const failed = new AbortController();
  const given = AbortSignal.any([signal, failed.signal]);
  const socket = connector.connect({ ...connection, engine, signal: given, timeoutMs });
  try {
    const [dialled, name, told] = await Promise.all([socket, user, secret]);
    return { socket: dialled, user: name, secret: told };
  } catch (error) {
    // Nobody is left to log in: the dial is given up, and a socket that comes about all the same does not stay open.
    failed.abort(error);
    const why = await socket.then((late) => void late.destroy()).catch((reason: CloudSqlError) => reason);
    throw why && (signal.aborted || why.code !== 'CLOUDSQL_DIAL_ABORTED') ? why : error;
  } finally {
    limit.clear();
  }
}

/** Says that SQL Server has no IAM login. */
export function noIamLogin(remedy: string): ConfigError {
  return new ConfigError('CLOUDSQL_CONFLICTING_OPTIONS', 'SQL Server has no IAM login', { remedy });
}

/** Reports that the server hung up before it had sent anything, and makes the error that says so. */
export function serverClosed(connector: Connector, connection: ConnectionOptions, cause?: Error): CloudSqlError {
  connector.reportRefusal(connection);
  const what = `The server closed the connection at once${cause ? `: ${cause.message}` : ''}`;
  return new DialError('CLOUDSQL_SERVER_CLOSED', what, { instance: connection.instance, cause });
}
