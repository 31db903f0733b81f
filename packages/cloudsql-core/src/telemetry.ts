import { type Channel, channel } from 'node:diagnostics_channel';
import type { TLSSocket } from 'node:tls';

/** Where the library writes, when it is given one: `console` and pino both fit. Nothing is printed otherwise. */
export interface Logger {
  debug?(message: string): void;
  warn(message: string): void;
}

/** Published on `cloudsql:dial` after every dial, successful or not. */
export interface DialEvent {
  /** The DNS name that led to the instance, where it was named so. */
  readonly domain?: string;
  /** Instance connection name. */
  readonly instance: string;
  readonly ipType?: 'PUBLIC' | 'PRIVATE' | 'PSC';
  /** The host that was dialled, once it was known. */
  readonly address?: string;
  readonly port?: number;
  readonly durationMs: number;
  /** The connected socket; observers read from it (`getProtocol()`, `getCipher()`, `getPeerCertificate()`) and leave it be. */
  readonly socket?: TLSSocket;
  readonly error?: Error;
}

/** Published on `cloudsql:refresh` after every fetch of metadata and certificate. */
export interface RefreshEvent {
  readonly instance: string;
  readonly durationMs: number;
  /** When the new certificate (or the login token in it) expires. */
  readonly expiresAt?: Date;
  readonly error?: Error;
}

/** Published on `cloudsql:failover` when a DNS name leads to another instance than before, or could not be followed. */
export interface FailoverEvent {
  /** The DNS name. */
  readonly name: string;
  /** The instance that it led to so far. */
  readonly from?: string;
  /** The instance that it leads to now. */
  readonly to?: string;
  /** Why nothing changed: no answer, or one that is not to be followed. */
  readonly error?: Error;
}

/** Published on `cloudsql:pool-error` when an idle connection of a pool made by an adapter fails. */
export interface PoolErrorEvent {
  readonly error: Error;
}

/** Published on `cloudsql:credentials` when a connector gets its first login token. Holds no secret. */
export interface CredentialsEvent {
  /** `service_account`, `authorized_user`, `metadata_server`, … */
  readonly kind: string;
  /** Where the credentials are, and why these. */
  readonly source: string;
  /** Whether the token can open databases and nothing else; `'REQUESTED'` where the source does not tell. */
  readonly loginTokenNarrowed: 'YES' | 'REQUESTED' | 'NO';
  /** Why it is not narrowed. */
  readonly note: string | undefined;
}

/** Published on `cloudsql:close` when a connector is closed. */
export interface CloseEvent {
  readonly instances: readonly string[];
}

/** Published on `cloudsql:listener-error` when a local listener cannot accept a client, for want of files for example. */
export interface ListenerErrorEvent {
  /** The path of its Unix socket, or its host and port. */
  readonly address: string;
  readonly error: Error;
}

/** Published on `cloudsql:session` when a client of a local listener comes, is joined with the server, and goes. */
export interface SessionEvent {
  readonly phase: 'ACCEPTED' | 'JOINED' | 'ENDED';
  /** Counts the clients of this process, from 1. */
  readonly id: number;
  /** The path of the listener's Unix socket, or its host and port. */
  readonly listener: string;
  readonly instance: string;
  /** Address and port of a TCP client. */
  readonly client: string | undefined;
  readonly durationMs: number;
  readonly bytesFromClient: number;
  readonly bytesToClient: number;
  /** Why the client was refused, or what broke the session. */
  readonly error?: Error;
}

interface Channels {
  dial: DialEvent;
  refresh: RefreshEvent;
  failover: FailoverEvent;
  'pool-error': PoolErrorEvent;
  credentials: CredentialsEvent;
  close: CloseEvent;
  'listener-error': ListenerErrorEvent;
  session: SessionEvent;
}

const channels: Record<keyof Channels, Channel> = {
  dial: channel('cloudsql:dial'),
  refresh: channel('cloudsql:refresh'),
  failover: channel('cloudsql:failover'),
  'pool-error': channel('cloudsql:pool-error'),
  credentials: channel('cloudsql:credentials'),
  close: channel('cloudsql:close'),
  'listener-error': channel('cloudsql:listener-error'),
  session: channel('cloudsql:session'),
};

/** Publishes on the `node:diagnostics_channel` named `cloudsql:<name>`; free when nobody listens. */
export function publish<Name extends keyof Channels>(name: Name, event: Channels[Name]): void {
  if (channels[name].hasSubscribers) channels[name].publish(event);
}
