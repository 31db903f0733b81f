import type { TLSSocket } from 'node:tls';
import type { Connector } from '../connector.ts';
import { deadline, waitOrAbort } from '../deadline.ts';
import { type CloudSqlError, cloudSqlError, DialError } from '../errors.ts';
import type { ConnectionOptions } from '../options/connection-options.ts';

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
  /** The database user, where it is known. */
  readonly user: string | undefined;
  /** Whether the login token is sent as the password. */
  readonly withToken: boolean;
  readonly signal: AbortSignal;
  /** @default the connector's `dialTimeoutMs` */
  readonly timeoutMs?: number;
}

/** A socket that waits for the StartupMessage, and what to log in with. The caller owns the socket. */
export interface Login {
  readonly socket: TLSSocket;
  readonly user: string;
  /** The login token; undefined unless it was asked for. */
  readonly token: string | undefined;
}

/**
 * Opens a socket to a PostgreSQL instance, and finds out meanwhile who logs in.
 * @throws ConfigError, RefreshError, DialError
 */
export async function openLogin({ connector, connection, withToken, ...request }: LoginRequest): Promise<Login> {
  const { signal, timeoutMs = connector.dialTimeoutMs } = request;
  const { instance } = connection;
  const what = `Waited ${timeoutMs} ms for who logs in`;
  const limit = deadline(timeoutMs, () => cloudSqlError('CLOUDSQL_DIAL_TIMEOUT', what, { instance }), signal);
  const inTime = <T>(promise: Promise<T>): Promise<T> => waitOrAbort(promise, limit.signal);
  const token = withToken ? inTime(connector.loginToken({ instance })) : undefined;
  const user = request.user ?? inTime(connector.databaseUser({ engine: 'POSTGRES', instance }));
  const socket = connector.connect({ ...connection, engine: 'POSTGRES', signal, timeoutMs });
  // Settled together, so that a socket that comes about although there is nobody to log in does not stay open.
  const [dialled, named, tokened] = await Promise.allSettled([socket, user, token]);
  limit.clear();
  const failed = [dialled, named, tokened].find((result) => result.status === 'rejected');
  if (failed) {
    if (dialled.status === 'fulfilled') dialled.value.destroy();
    throw failed.reason;
  }
  return {
    socket: (dialled as PromiseFulfilledResult<TLSSocket>).value,
    user: (named as PromiseFulfilledResult<string>).value,
    token: (tokened as PromiseFulfilledResult<{ token: string } | undefined>).value?.token,
  };
}

/** Reports that the server hung up before it had sent anything, and makes the error that says so. */
export function serverClosed(connector: Connector, connection: ConnectionOptions, cause?: Error): CloudSqlError {
  connector.reportRefusal(connection);
  const what = `The server closed the connection at once${cause ? `: ${cause.message}` : ''}`;
  return new DialError('CLOUDSQL_SERVER_CLOSED', what, { instance: connection.instance, cause });
}
