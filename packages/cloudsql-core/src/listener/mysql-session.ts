import type { Socket } from 'node:net';
import { CloudSqlError } from '../errors.ts';
import { type Login, userPlaceholder } from '../login.ts';
import { type Greeting, type Hello, parseGreeting, parseHello } from '../mysql/handshake.ts';
import { answer, encodeErr, encodePacket } from '../mysql/packets.ts';
import { isProof } from '../mysql/passwords.ts';
import { wrongSecret } from './gate.ts';
import { logInToMysql } from './mysql-login.ts';
import { readPacket } from './packet-reader.ts';
import { endWith } from './relay.ts';
import { LoginTimeout, Session } from './session.ts';

/** Codes of MySQL's own errors. Source: https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html */
const failures = {
  tooManyConnections: [1040, '08004'],
  badHandshake: [1043, '08S01'],
  accessDenied: [1045, '28000'],
  shutdown: [1053, '08S01'],
  cannotConnect: [1429, 'HY000'],
} as const;

/** What the listener says for itself, in MySQL's words. */
class Refusal extends Error {
  readonly kind: keyof typeof failures;

  constructor(kind: keyof typeof failures, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** A client that speaks MySQL, where the server has the first word: so the instance is dialled before anything is known. */
export class MysqlSession extends Session {
  protected override readonly engine = 'MYSQL';
  /** The number of the next packet to the client. */
  #next = 0;

  protected override async serve(): Promise<void> {
    const problem = await this.inTime((signal) => this.gate.admit(this.client, signal));
    if (problem) throw new Refusal('accessDenied', problem);
    await this.logIn(
      '',
      () => Buffer.alloc(0),
      (login, signal) => this.#agree(login, signal),
    );
  }

  protected override refuse(error: Error): void {
    const code = error instanceof CloudSqlError ? error.code : '';
    const late = error instanceof LoginTimeout ? 'badHandshake' : 'cannotConnect';
    const kind = error instanceof Refusal ? error.kind : (kinds.get(code) ?? late);
    endWith(this.client, this.#err(kind, error.message));
  }

  protected override sayClosed(): void {
    this.client.write(this.#err('shutdown', 'The listener was closed'));
  }

  async #agree({ socket: server, secret: token }: Login, signal: AbortSignal): Promise<boolean | 'CLOSED'> {
    const first = await readPacket(server, signal);
    if (!first) return 'CLOSED';
    const greeting = parseGreeting(first.body);
    this.client.write(encodePacket(this.#next++, greeting?.withoutTls ?? first.body));
    // "Too many connections", for example.
    if (!greeting) {
      this.client.destroySoon();
      return false;
    }
    const hello = await this.inTime((limit) => this.#hello(greeting, limit));
    return this.#introduce(server, greeting, hello, token, signal);
  }

  /** Reads who the client is, and whether it may be here. */
  async #hello({ nonce, plugin }: Greeting, signal: AbortSignal): Promise<Hello> {
    const packet = await readPacket(this.client, signal);
    this.#next = (packet?.sequence ?? 1) + 1;
    const hello = packet && parseHello(packet.body);
    if (!hello) throw new Refusal('badHandshake', 'Bad handshake');
    const { secret } = this.gate;
    if (secret === undefined || isProof(hello.proof, hello.plugin ?? plugin, secret, nonce)) return hello;
    throw new Refusal('accessDenied', wrongSecret);
  }

  /** Tells the server who the client is, and the client what the server says about it. */
  async #introduce(
    server: Socket,
    greeting: Greeting,
    hello: Hello,
    token: string | undefined,
    signal: AbortSignal,
  ): Promise<true | 'CLOSED'> {
    const { user: configured, iam, password, connector, connection } = this.options;
    const isUnknown = hello.user === '' || hello.user === userPlaceholder;
    const { instance } = connection;
    const asked = (): Promise<string> => connector.databaseUser({ engine: 'MYSQL', instance, signal });
    const user = isUnknown ? (configured ?? (iam ? await asked() : hello.user)) : hello.user;
    const secret = token ?? (typeof password === 'function' ? await password() : password);
    const own = this.gate.asks || secret !== undefined;
    const login = { server, greeting, hello, user, secret: own ? (secret ?? '') : undefined };
    const last = await logInToMysql({ ...login, isToken: token !== undefined, signal });
    if (!last) return 'CLOSED';
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
}

const kinds = new Map<string, keyof typeof failures>([
  ['CLOUDSQL_NO_CREDENTIALS', 'accessDenied'],
  ['CLOUDSQL_PERMISSION_DENIED', 'accessDenied'],
  ['CLOUDSQL_TOKEN_FAILED', 'accessDenied'],
  ['CLOUDSQL_UNKNOWN_DATABASE_USER', 'accessDenied'],
  ['CLOUDSQL_TOO_MANY_SESSIONS', 'tooManyConnections'],
]);
