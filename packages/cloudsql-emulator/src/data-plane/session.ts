import type { Socket } from 'node:net';
import { connect } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { identifyBearer } from '../iam/credentials.ts';
import type { IdentityServices } from '../iam/identity-services.ts';
import type { Instance } from '../instance.ts';
import { joinGroups } from '../instance-users.ts';
import { RULES } from '../service-rules.ts';
import type { ErrorFields } from '../wire/messages.ts';
import { encodeCleartextRequest, encodeFatal, encodeStartup } from '../wire/messages.ts';
import type { MutableRecord } from './connection-log.ts';
import { observeLogin } from './login-observer.ts';
import type { LoginDecision, LoginParties } from './login-policy.ts';
import { decideLogin, decideToken, INVALID_PASSWORD } from './login-policy.ts';
import { admitClient } from './metadata-exchange.ts';
import { endWith, relay } from './relay.ts';
import { readExactly } from './socket-reader.ts';
import type { Startup } from './startup-message.ts';
import { readStartup } from './startup-message.ts';

/** One client that has shown a good certificate. */
export interface SessionOptions {
  readonly client: TLSSocket;
  readonly instance: Instance;
  readonly identity: IdentityServices;
  readonly record: MutableRecord;
  /** Whether the client has to say who it is before it speaks PostgreSQL. */
  readonly metadataExchange: boolean;
  /** Time in milliseconds from the handshake until the login is on its way to the database. */
  readonly loginTimeoutMs: number;
  /** Called when client and database are joined, with a function that makes the connection swallow what is sent. */
  readonly onJoined: (swallow: () => void) => void;
}

const PROTOCOL_VIOLATION = '08P01';
const INVALID_AUTHORIZATION = '28000';
const CANNOT_CONNECT_NOW = '57P03';
const MAX_PASSWORD_BYTES = 65_536;
const MAX_NAME_BYTES = 63;

/** Speaks PostgreSQL with the client until it is known who logs in, then joins it with the database. */
export async function serveSession(options: SessionOptions): Promise<void> {
  const { client, record } = options;
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), options.loginTimeoutMs).unref();
  try {
    let principal = record.principal;
    if (options.metadataExchange) {
      const admission = await admitClient(client, options.identity, record, timeout.signal);
      if (!admission) return;
      principal = admission.loginPrincipal;
    }
    const startup = await readStartup(client, timeout.signal);
    switch (startup.kind) {
      case 'CANCEL':
        return forward(options, startup.packet);
      case 'STARTUP':
        return await logIn(options, startup, principal, timeout.signal);
      case 'INVALID': {
        if (startup.message) return refuse(options, { code: PROTOCOL_VIOLATION, message: startup.message });
        record.state = 'refused';
        record.refusal = timeout.signal.aborted
          ? 'login timed out'
          : 'client left before its startup packet was complete';
        client.destroy();
      }
    }
  } finally {
    clearTimeout(timer);
  }
}

async function logIn(
  options: SessionOptions,
  startup: Startup & { kind: 'STARTUP' },
  principal: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { record } = options;
  const { parameters, protocol } = startup;
  const user = parameters.get('user') ?? '';
  record.user = user;
  record.database = parameters.get('database') || user;
  const applicationName = parameters.get('application_name');
  if (applicationName !== undefined) record.applicationName = applicationName;
  if (user === '') {
    const message = 'no PostgreSQL user name specified in startup packet';
    return refuse(options, { code: INVALID_AUTHORIZATION, message });
  }
  let decision = decideLogin(user, principal, partiesOf(options));
  if (decision.action === 'ASK_TOKEN') decision = await askToken(options, user, signal);
  if (decision.action === 'REFUSE') return refuse(options, decision.error);
  if (decision.action === 'FORWARD' && decision.groups) await joinGroups(options.instance, user, decision.groups);
  await ensureDatabase(options, record.database);
  // Written anew from what was read, so that the database cannot read another name out of it.
  forward(options, encodeStartup(parameters, protocol));
}

/** Makes the database that the client names, where that is wanted. If it cannot be made, the server says why. */
async function ensureDatabase({ instance }: SessionOptions, name: string): Promise<void> {
  const { createsDatabases, databases, database } = instance;
  // A name that PostgreSQL would cut is left to it.
  if (!createsDatabases || databases.has(name) || Buffer.byteLength(name) > MAX_NAME_BYTES) return;
  const isMade = await database.createDatabase(name, RULES[instance.name.service]).then(
    () => true,
    () => false,
  );
  if (!isMade) return;
  databases.add(name);
  await instance.onChange();
}

async function askToken(
  { client, instance, identity }: SessionOptions,
  user: string,
  signal: AbortSignal,
): Promise<LoginDecision> {
  client.write(encodeCleartextRequest());
  const password = await readPassword(client, signal);
  if (!password) {
    const message = password === '' ? 'empty password returned by client' : 'expected password response';
    return { action: 'REFUSE', error: { code: INVALID_PASSWORD, message } };
  }
  const caller = identifyBearer(password, identity.tokens, identity.keys);
  return decideToken(user, caller, partiesOf({ instance, identity }));
}

function partiesOf({ instance, identity }: Pick<SessionOptions, 'instance' | 'identity'>): LoginParties {
  return { users: instance.users, principals: identity.principals, rules: RULES[instance.name.service] };
}

async function readPassword(client: TLSSocket, signal: AbortSignal): Promise<string | undefined> {
  const head = await readExactly(client, 5, signal);
  if (head?.[0] !== 'p'.charCodeAt(0)) return undefined;
  const length = head.readUInt32BE(1) - 4;
  if (length < 1 || length > MAX_PASSWORD_BYTES) return undefined;
  const body = await readExactly(client, length, signal);
  return body?.at(-1) === 0 ? body.toString('utf8', 0, length - 1) : undefined;
}

function forward(options: SessionOptions, firstBytes: Buffer): void {
  const { client, instance, record } = options;
  if (client.destroyed) return;
  const database: Socket = connect({ path: instance.database.socketPath, allowHalfOpen: true });
  const fail = (): void =>
    refuse(options, { code: CANNOT_CONNECT_NOW, message: 'the database system is not available' });
  const abandon = (): void => void database.destroy();
  database.once('error', fail);
  client.once('close', abandon);
  database.once('connect', () => {
    database.off('error', fail);
    client.off('close', abandon);
    database.write(firstBytes);
    observeLogin(database, record);
    options.onJoined(relay(client, database));
  });
}

function refuse({ client, record }: SessionOptions, error: ErrorFields): void {
  record.state = 'refused';
  record.refusal = error.message;
  endWith(client, encodeFatal(error));
}
