import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { InnerTls } from './inner-tls.ts';
import { encodeMessage, kind, type Message, MessageReader } from './packets.ts';
import type { SqlServerPeer } from './peer.ts';
import { type Login, readBatch, readExecuteSql, readLogin } from './requests.ts';
import { answerTo } from './statements.ts';
import { errorAnswer, loginAnswer, preloginAnswer, rowAnswer } from './tokens.ts';

const encryption = { off: 0, on: 1, notSupported: 2, required: 3 } as const;

/** One client of the peer. */
export class Session {
  readonly #peer: SqlServerPeer;
  readonly #reader = new MessageReader();
  #socket: Duplex;
  #inner: InnerTls | undefined;
  #login: Login | undefined;

  constructor(peer: SqlServerPeer, socket: Duplex) {
    this.#peer = peer;
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => (this.#inner ? this.#inner.receive(chunk) : this.#receive(chunk)));
  }

  #receive(chunk: Buffer): void {
    try {
      for (const message of this.#reader.push(chunk)) this.#serve(message);
    } catch {
      this.#socket.destroy();
    }
  }

  #serve({ kind: type, payload }: Message): void {
    if (type === kind.prelogin) this.#prelogin(payload);
    else if (type === kind.login) this.#logIn(readLogin(payload));
    else if (type === kind.batch) this.#execute(readBatch(payload), false);
    else if (type === kind.rpc) this.#execute(readExecuteSql(payload), true);
    else this.#answer(errorAnswer(50_000, 16, `this peer does not know messages of the kind ${type}`));
  }

  #prelogin(payload: Buffer): void {
    const wanted = encryptionOf(payload);
    this.#peer.prelogins.push(wanted === encryption.on ? 'ON' : wanted === encryption.notSupported ? 'NOT_SUP' : 'OFF');
    const { identity } = this.#peer;
    const agreed = !identity ? encryption.notSupported : wanted === encryption.on ? encryption.on : encryption.required;
    this.#answer(preloginAnswer(agreed));
    if (agreed !== encryption.on) return;
    this.#inner = new InnerTls(this.#socket);
    this.#socket = new TLSSocket(this.#inner, { isServer: true, ...identity, maxVersion: 'TLSv1.2' });
    this.#socket.on('error', () => {});
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk));
  }

  #logIn(login: Login): void {
    this.#peer.logins.push(login);
    if (this.#peer.users[login.user] !== login.password) {
      this.#answer(errorAnswer(18_456, 14, `Login failed for user '${login.user}'.`));
      this.#socket.end();
      return;
    }
    this.#login = login;
    this.#answer(loginAnswer(login.database || 'master'));
  }

  #execute(statement: string | undefined, isCall: boolean): void {
    const row = this.#login && statement !== undefined ? answerTo(statement, this.#login) : undefined;
    if (statement !== undefined) this.#peer.statements.push(statement);
    this.#answer(
      row ? rowAnswer(row, isCall) : errorAnswer(50_000, 16, `this peer has no answer to: ${statement ?? 'that call'}`),
    );
  }

  #answer(tokens: Buffer): void {
    this.#socket.write(encodeMessage(kind.answer, tokens));
  }
}

/** What the client says of encryption in its PRELOGIN. */
function encryptionOf(payload: Buffer): number | undefined {
  const [encrypt, end] = [0x01, 0xff];
  for (let at = 0; payload[at] !== undefined && payload[at] !== end; at += 5) {
    if (payload[at] === encrypt) return payload[payload.readUInt16BE(at + 1)];
  }
  return undefined;
}
