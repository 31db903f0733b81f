import type { TLSSocket } from 'node:tls';
import type { IdentityServices } from '../iam/identity-services.ts';
import type { Instance } from '../instance.ts';
import { takeClientProtocol } from './client-protocol.ts';
import type { MutableRecord } from './connection-log.ts';
import { admitClient } from './metadata-exchange.ts';
import { endWith } from './relay.ts';

/** One client that has shown a good certificate. */
export interface SessionOptions {
  readonly client: TLSSocket;
  readonly instance: Instance;
  readonly identity: IdentityServices;
  readonly record: MutableRecord;
  /** Whether the client has to say who it is before it reaches the database. */
  readonly metadataExchange: boolean;
  /** Time in milliseconds from the handshake until the login is on its way to the database. */
  readonly loginTimeoutMs: number;
  /** Called when client and database are joined, with a function that makes the connection swallow what is sent. */
  readonly onJoined: (swallow: () => void) => void;
}

/** A client that speaks the database's protocol next. */
export interface LoginSession extends SessionOptions {
  /** E-mail that it may log in with without a password; `undefined` if it brought none. */
  readonly principal: string | undefined;
  /** Fires when the login has taken too long. */
  readonly signal: AbortSignal;
}

const MAX_DATABASE_NAME_BYTES = 63;

/** Admits a client and lets the database's engine speak with it. */
export async function serveSession(options: SessionOptions): Promise<void> {
  const { client, instance, identity, record } = options;
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), options.loginTimeoutMs).unref();
  const { signal } = timeout;
  try {
    let { principal } = record;
    if (options.metadataExchange) {
      const admission = await admitClient(client, identity, record, signal, instance.exchangeFault);
      if (!admission) return;
      principal = admission.loginPrincipal;
    }
    // Where the server speaks first, the client says it afterwards.
    const isGreeted = instance.database.databaseVersion.startsWith('MYSQL');
    if (instance.name.service === 'cloud-sql' && !isGreeted) {
      if (!(await takeClientProtocol(client, record, signal, { fault: instance.exchangeFault }))) return;
    }
    await instance.database.serve({ ...options, principal, signal });
  } finally {
    clearTimeout(timer);
  }
}

/** Makes the database that the client names, where that is wanted. If it cannot be made, the server says why. */
export async function ensureDatabase({ instance }: SessionOptions, name: string): Promise<void> {
  const { createsDatabases, databases, database } = instance;
  // A name that would be cut or refused is left to the server.
  if (!createsDatabases || databases.has(name) || Buffer.byteLength(name) > MAX_DATABASE_NAME_BYTES) return;
  const isMade = await database.createDatabase(name).then(
    () => true,
    () => false,
  );
  if (!isMade) return;
  databases.add(name);
  await instance.onChange();
}

/** Ends a connection whose client has gone, or has kept us waiting for too long in the midst of `what`. */
export function abandon({ client, record, signal }: LoginSession, what: string): void {
  record.state = 'refused';
  record.refusal = signal.aborted ? 'login timed out' : `client left before its ${what} was complete`;
  client.destroy();
}

/** Refuses a login with the engine's own kind of error message. */
export function refuseLogin({ client, record }: LoginSession, reason: string, message: Buffer): void {
  record.state = 'refused';
  record.refusal = reason;
  endWith(client, message);
}
