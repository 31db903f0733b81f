import type { Socket } from 'node:net';
import type { Deadline } from '../deadline.ts';
import { CloudSqlError } from '../errors.ts';
import { serverClosed, userPlaceholder } from '../login.ts';
import { type Greeting, type Hello, parseGreeting, parseHello } from '../mysql/handshake.ts';
import { answer, encodeErr, encodePacket } from '../mysql/packets.ts';
import { isProof } from '../mysql/passwords.ts';
import { announceClient, skipAnswer } from './client-protocol.ts';
import { ClientGone, ClientSession, LoginTimeout } from './client-session.ts';
import { logInToMysql } from './mysql-login.ts';
import { readPacket } from './packet-reader.ts';
import { relay } from './relay.ts';

/** Codes of MySQL's own errors. Source: https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html */
const failures = {
  tooManyConnections: [1040, '08004'],
  badHandshake: [1043, '08S01'],
  accessDenied: [1045, '28000'],
  shutdown: [1053, '08S01'],
  cannotConnect: [1429, 'HY000'],
} as const;

/** A client that speaks MySQL, where the server has the first word: so the instance is dialled before anything is known. */
export class MysqlSession extends ClientSession {
  /** The number of the next packet to the client. */
  #next = 0;

  protected override encodeError(error: unknown): Buffer {
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof CloudSqlError ? error.code : '';
    return this.#err(kinds.get(code) ?? (error instanceof LoginTimeout ? 'badHandshake' : 'cannotConnect'), message);
  }

  protected override encodeClosed(): Buffer {
    return this.#err('shutdown', 'The listener was closed');
  }

  protected override async serve(): Promise<void> {
    const problem = await this.gate.admit(this.client, this.signal);
    if (problem) return this.#refuse('accessDenied', problem);
    this.enterAll();
    const unwatch = this.watchClient();
    let limit: Deadline | undefined;
    try {
      const { socket: server, secret: token } = await this.open('');
      limit = this.serverLimit();
      const { connector, connection, clientProtocol } = this.options;
      const { instance } = connection;
      if (announceClient(server, clientProtocol)) await skipAnswer(server, instance, limit.signal);
      const first = await readPacket(server, limit.signal);
      if (!first) throw serverClosed(connector, connection);
      const greeting = parseGreeting(first.body);
      this.client.write(encodePacket(this.#next++, greeting?.withoutTls ?? first.body));
      // "Too many connections", for example.
      if (!greeting) return this.client.destroySoon();
      unwatch();
      const said = await this.#hello(greeting);
      if (!said) return;
      const done = await this.#logIn(server, greeting, said, token, limit.signal);
      if (!done) throw serverClosed(connector, connection);
      this.join();
      relay(this.client, server);
    } finally {
      unwatch();
      limit?.clear();
    }
  }

  /** Reads who the client is; undefined if it was refused. */
  async #hello({ nonce, plugin }: Greeting): Promise<Hello | undefined> {
    const limit = this.clientLimit();
    try {
      const packet = await readPacket(this.client, limit.signal);
      if (!packet && this.client.readableEnded) throw new ClientGone();
      this.#next = (packet?.sequence ?? 1) + 1;
      const hello = packet && parseHello(packet.body);
      if (!hello) this.#refuse('badHandshake', 'Bad handshake');
      const { secret } = this.gate;
      if (!hello || secret === undefined || isProof(hello.proof, hello.plugin ?? plugin, secret, nonce)) return hello;
      this.#refuse('accessDenied', 'The password is not the one in the URL of this listener');
      return undefined;
    } finally {
      limit.clear();
    }
  }

  /** Tells whether the server can be left to the client. */
  async #logIn(
    server: Socket,
    greeting: Greeting,
    hello: Hello,
    token: string | undefined,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { user: configured, iam, password, connector, connection } = this.options;
    const isUnknown = hello.user === '' || hello.user === userPlaceholder;
    const { instance } = connection;
    const asked = (): Promise<string> => connector.databaseUser({ engine: 'MYSQL', instance, signal });
    const user = isUnknown ? (configured ?? (iam ? await asked() : hello.user)) : hello.user;
    const secret = token ?? (typeof password === 'function' ? await password() : password);
    const own = this.gate.asks || secret !== undefined;
    const login = { server, greeting, hello, user, secret: own ? (secret ?? '') : undefined };
    const last = await logInToMysql({ ...login, isToken: token !== undefined, signal });
    if (!last) return false;
    // A client that has just proved that it knows the listener's secret expects to hear so.
    if (own && this.gate.secret !== undefined && last[0] === answer.ok && hello.plugin === 'caching_sha2_password') {
      this.client.write(encodePacket(this.#next++, Buffer.from([answer.more, 3])));
    }
    this.client.write(encodePacket(this.#next++, last));
    return true;
  }

  #err(kind: keyof typeof failures, message: string): Buffer {
    const [code, state] = failures[kind];
    return encodePacket(this.#next, encodeErr(code, this.#next > 1 ? state : '', message));
  }

  #refuse(kind: keyof typeof failures, message: string): void {
    this.refuse(new Error(message), this.#err(kind, message));
  }
}

const kinds = new Map<string, keyof typeof failures>([
  ['CLOUDSQL_NO_CREDENTIALS', 'accessDenied'],
  ['CLOUDSQL_PERMISSION_DENIED', 'accessDenied'],
  ['CLOUDSQL_TOKEN_FAILED', 'accessDenied'],
  ['CLOUDSQL_UNKNOWN_DATABASE_USER', 'accessDenied'],
  ['CLOUDSQL_TOO_MANY_SESSIONS', 'tooManyConnections'],
]);
