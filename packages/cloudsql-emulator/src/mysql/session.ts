import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { takeClientProtocol } from '../data-plane/client-protocol.ts';
import { relay } from '../data-plane/relay.ts';
import { abandon, ensureDatabase, type LoginSession, refuseLogin } from '../data-plane/session.ts';
import { identifyBearer } from '../iam/credentials.ts';
import { attributeOf, type ClientHello, parseClientHello } from './client-hello.ts';
import { type Greeting, parseGreeting } from './greeting.ts';
import { observeMysqlLogin } from './login-observer.ts';
import { decideMysqlLogin, decideMysqlToken, type MysqlLogin, type MysqlLoginDecision } from './login-policy.ts';
import type { MysqlAccess } from './mysql-client.ts';
import { ANSWER, encodeErr, encodePacket, type MysqlError, parseErr, readPacket, text } from './packets.ts';
import { PLUGIN } from './passwords.ts';
import { logInToServer } from './server-login.ts';

/** The database behind a session. */
export interface MysqlBackend extends Pick<MysqlAccess, 'open' | 'isPrivate'> {
  /** The password of an IAM user, which nobody else knows. */
  readonly passwordOf: (user: string) => string | undefined;
}

/** A server that was reached for a session. */
interface Reached {
  readonly stream: Duplex;
  readonly greeting: Greeting;
}

const MAX_PACKET_BYTES = 65_536;
const NOT_AVAILABLE: MysqlError = { code: 1053, sqlState: '08S01', message: 'Server shutdown in progress' };
const BAD_HANDSHAKE: MysqlError = { code: 1043, sqlState: '08S01', message: 'Bad handshake' };

/**
 * Speaks MySQL with the client until it is known who logs in, then joins it with the database. The database greets it,
 * so that passwords are between the two of them; only for IAM users the emulator logs in itself.
 */
export async function serveMysql(session: LoginSession, backend: MysqlBackend): Promise<void> {
  const { client, signal } = session;
  const stream = backend.open();
  stream.on('error', () => undefined);
  const giveUp = (): void => void stream.destroy();
  client.once('close', giveUp);
  if (client.destroyed) giveUp();
  const greeting = await greetingOf(stream, signal);
  if (greeting && 'serverVersion' in greeting) {
    const joined = await logIn(session, { stream, greeting }, backend);
    if (joined) {
      client.off('close', giveUp);
      session.onJoined(relay(client, stream));
      return;
    }
  } else refuse(session, greeting ?? NOT_AVAILABLE, 0);
  stream.destroy();
}

async function greetingOf(stream: Duplex, signal: AbortSignal): Promise<Greeting | MysqlError | undefined> {
  await once(stream, 'connect', { signal }).catch(() => undefined);
  const first = await readPacket(stream, MAX_PACKET_BYTES, signal);
  // "Too many connections", for example.
  if (first?.body[0] === ANSWER.err) return parseErr(first.body);
  return first && parseGreeting(first.body);
}

/** Tells whether the client may be joined with the database now; if not, it was refused. */
async function logIn(session: LoginSession, server: Reached, backend: MysqlBackend): Promise<boolean> {
  const { client, record, signal } = session;
  record.backendPid = server.greeting.connectionId;
  client.write(encodePacket({ sequence: 0, body: server.greeting.forClients }));
  if (!(await takeClientProtocol(client, record, signal, { isGreeted: true }))) return false;
  const packet = await readPacket(client, MAX_PACKET_BYTES, signal);
  if (!packet && (signal.aborted || client.destroyed || client.readableEnded)) {
    abandon(session, 'login');
    return false;
  }
  const hello = packet && parseClientHello(packet.body);
  if (!hello) return refuse(session, BAD_HANDSHAKE, 2);
  remember(session, hello);
  const login = loginOf(session, hello);
  let sequence = packet.sequence + 1;
  let decision = decideMysqlLogin(login, session.principal);
  if (decision.action === 'ASK_TOKEN') {
    decision = await askToken(session, login, sequence);
    sequence += 2;
  }
  if (decision.action !== 'REFUSE' && hello.database) await ensureDatabase(session, hello.database);
  switch (decision.action) {
    case 'FORWARD':
      server.stream.write(encodePacket(packet));
      observeMysqlLogin(server.stream, record);
      return true;
    case 'LOG_IN': {
      const password = backend.passwordOf(hello.user) ?? '';
      const answer = await logInToServer({ ...server, isPrivate: backend.isPrivate }, hello, password, signal);
      if (answer?.[0] !== ANSWER.ok) return refuse(session, answer ? parseErr(answer) : NOT_AVAILABLE, sequence);
      record.state = 'open';
      client.write(encodePacket({ sequence, body: answer }));
      return true;
    }
    default:
      return refuse(session, 'error' in decision ? decision.error : BAD_HANDSHAKE, sequence);
  }
}

async function askToken(session: LoginSession, login: MysqlLogin, sequence: number): Promise<MysqlLoginDecision> {
  const { client, identity, signal } = session;
  const request = Buffer.concat([Buffer.from([ANSWER.authSwitch]), text(PLUGIN.clear)]);
  client.write(encodePacket({ sequence, body: request }));
  const packet = await readPacket(client, MAX_PACKET_BYTES, signal);
  const token = packet?.body.toString('utf8').replace(/\0$/, '') ?? '';
  return decideMysqlToken(
    { ...login, usesPassword: token !== '' },
    identifyBearer(token, identity.tokens, identity.keys),
  );
}

function remember({ record }: LoginSession, hello: ClientHello): void {
  record.user = hello.user;
  if (hello.database) record.database = hello.database;
  const applicationName = attributeOf(hello, 'program_name');
  if (applicationName !== undefined) record.applicationName = applicationName;
}

function loginOf({ client, instance, identity }: LoginSession, { user, proof }: ClientHello): MysqlLogin {
  return {
    user,
    host: `cloudsqlproxy~${client.remoteAddress ?? ''}`,
    usesPassword: proof.length > 0,
    users: instance.users,
    principals: identity.principals,
    rules: instance.rules,
  };
}

function refuse(session: LoginSession, error: MysqlError, sequence: number): false {
  refuseLogin(session, error.message, encodePacket({ sequence, body: encodeErr(error) }));
  return false;
}
