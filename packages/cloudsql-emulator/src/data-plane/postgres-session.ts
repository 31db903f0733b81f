import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { identifyBearer } from '../iam/credentials.ts';
import { joinGroups } from '../instance-users.ts';
import type { ErrorFields } from '../wire/messages.ts';
import { encodeCleartextRequest, encodeFatal, encodeStartup } from '../wire/messages.ts';
import { PasswordLogin } from '../wire/password-login.ts';
import { observeLogin } from './login-observer.ts';
import type { LoginDecision, LoginParties } from './login-policy.ts';
import { decideLogin, decideToken, INVALID_PASSWORD } from './login-policy.ts';
import { relay } from './relay.ts';
import { abandon, ensureDatabase, type LoginSession, refuseLogin } from './session.ts';
import { readExactly } from './socket-reader.ts';
import type { Startup } from './startup-message.ts';
import { readStartup } from './startup-message.ts';

const PROTOCOL_VIOLATION = '08P01';
const INVALID_AUTHORIZATION = '28000';
const CANNOT_CONNECT_NOW = '57P03';
const MAX_MESSAGE_BYTES = 65_536;

/** Connects to the database, as soon as it may be connected to. */
export type OpenDatabase = () => Promise<Socket>;

/**
 * Speaks PostgreSQL with the client until it is known who logs in, then joins it with the database. Where that does not
 * trust the emulator, IAM users have passwords that only the emulator knows.
 */
export async function servePostgres(
  session: LoginSession,
  openDatabase: OpenDatabase,
  passwordOf: (user: string) => string | undefined = () => undefined,
): Promise<void> {
  const startup = await readStartup(session.client, session.signal);
  switch (startup.kind) {
    case 'CANCEL':
      return await forward(session, openDatabase, startup.packet);
    case 'STARTUP': {
      const bytes = await logIn(session, startup);
      return bytes && (await forward(session, openDatabase, bytes, passwordOf(session.record.user ?? '')));
    }
    case 'INVALID':
      return startup.message
        ? refuse(session, { code: PROTOCOL_VIOLATION, message: startup.message })
        : abandon(session, 'startup packet');
  }
}

/** Returns what the database is sent first, or `undefined` if the client was refused. */
export async function logIn(
  session: LoginSession,
  { parameters, protocol }: Startup & { kind: 'STARTUP' },
): Promise<Buffer | undefined> {
  const { record, principal } = session;
  const user = parameters.get('user') ?? '';
  record.user = user;
  record.database = parameters.get('database') || user;
  const applicationName = parameters.get('application_name');
  if (applicationName !== undefined) record.applicationName = applicationName;
  if (user === '') {
    const message = 'no PostgreSQL user name specified in startup packet';
    refuse(session, { code: INVALID_AUTHORIZATION, message });
    return undefined;
  }
  let decision = decideLogin(user, principal, partiesOf(session));
  if (decision.action === 'ASK_TOKEN') decision = await askToken(session, user);
  if (decision.action === 'REFUSE') {
    refuse(session, decision.error);
    return undefined;
  }
  if (decision.action === 'FORWARD' && decision.groups) await joinGroups(session.instance, user, decision.groups);
  await ensureDatabase(session, record.database);
  // Written anew from what was read, so that the database cannot read another name out of it.
  return encodeStartup(parameters, protocol);
}

async function askToken(session: LoginSession, user: string): Promise<LoginDecision> {
  const { identity } = session;
  const password = await askPassword(session);
  if (!password) {
    const message = password === '' ? 'empty password returned by client' : 'expected password response';
    return { action: 'REFUSE', error: { code: INVALID_PASSWORD, message } };
  }
  const caller = identifyBearer(password, identity.tokens, identity.keys);
  return decideToken(user, caller, partiesOf(session));
}

/** Asks for a password in clear text; `undefined` if something else comes. */
export async function askPassword({ client, signal }: LoginSession): Promise<string | undefined> {
  client.write(encodeCleartextRequest());
  return await readPassword(client, signal);
}

function partiesOf({ instance, identity }: LoginSession): LoginParties {
  return { users: instance.users, principals: identity.principals, rules: instance.rules };
}

async function readPassword(client: TLSSocket, signal: AbortSignal): Promise<string | undefined> {
  const head = await readExactly(client, 5, signal);
  if (head?.[0] !== 'p'.charCodeAt(0)) return undefined;
  const length = head.readUInt32BE(1) - 4;
  if (length < 1 || length > MAX_MESSAGE_BYTES) return undefined;
  const body = await readExactly(client, length, signal);
  return body?.at(-1) === 0 ? body.toString('utf8', 0, length - 1) : undefined;
}

async function forward(
  session: LoginSession,
  openDatabase: OpenDatabase,
  firstBytes: Buffer,
  password?: string,
): Promise<void> {
  const { client, record } = session;
  if (client.destroyed) return;
  const database = await openDatabase();
  if (client.destroyed) return void database.destroy();
  const fail = (): void =>
    refuse(session, { code: CANNOT_CONNECT_NOW, message: 'the database system is not available' });
  const giveUp = (): void => void database.destroy();
  database.once('error', fail);
  client.once('close', giveUp);
  database.once('connect', async () => {
    database.off('error', fail);
    // Without a listener a late error would end the process; whoever reads finds out anyway.
    database.on('error', giveUp).write(firstBytes);
    if (password !== undefined && !(await logInAs(session, database, password))) return fail();
    client.off('close', giveUp);
    observeLogin(database, record);
    session.onJoined(relay(client, database));
  });
}

/** Proves a password to the database, unseen by the client. What the database says then is for the client. */
async function logInAs({ record, signal }: LoginSession, database: Socket, password: string): Promise<boolean> {
  const login = new PasswordLogin(record.user ?? '', password);
  const forClient: Buffer[] = [];
  for (;;) {
    const head = await readExactly(database, 5, signal);
    const length = (head?.readUInt32BE(1) ?? 0) - 4;
    const body = length >= 0 && length <= MAX_MESSAGE_BYTES ? await readExactly(database, length, signal) : undefined;
    if (!head || !body) return false;
    const type = String.fromCharCode(head[0]!);
    const answer = type === 'R' ? login.answer(body) : undefined;
    if (answer) database.write(answer);
    if (type !== 'R' || isOk(body)) forClient.push(head, body);
    if (type === 'E' || (type === 'R' && isOk(body))) break;
  }
  database.unshift(Buffer.concat(forClient));
  return true;
}

function isOk(body: Buffer): boolean {
  return body.length >= 4 && body.readUInt32BE(0) === 0;
}

/** Refuses a login with an error of PostgreSQL. */
export function refuse(session: LoginSession, error: ErrorFields): void {
  refuseLogin(session, error.message, encodeFatal(error));
}
