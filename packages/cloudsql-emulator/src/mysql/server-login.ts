import type { Duplex } from 'node:stream';
import { type ClientHello, encodeClientHello } from './client-hello.ts';
import type { Greeting } from './greeting.ts';
import { ANSWER, encodePacket, type Packet, readPacket, text } from './packets.ts';
import { encryptPassword, PLUGIN, proofOf } from './passwords.ts';

/** A database server that has greeted us. */
export interface Server {
  readonly stream: Duplex;
  readonly greeting: Greeting;
  /** Whether nobody else can read what is sent: it is a Unix socket. */
  readonly isPrivate: boolean;
}

const MAX_ANSWER_BYTES = 65_536;
const FAST_AUTH_SUCCEEDED = 3;
const REQUEST_PUBLIC_KEY = 2;

/**
 * Logs in to a database server with a password, on behalf of a client whose hello is passed on in all else. Returns the
 * server's last answer, OK or ERR; `undefined` if it has gone, or wants what is not understood.
 */
export async function logInToServer(
  { stream, greeting, isPrivate }: Server,
  hello: ClientHello,
  password: string,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  let plugin = greeting.plugin in KNOWN ? greeting.plugin : PLUGIN.native;
  let { nonce } = greeting;
  let sequence = 1;
  const send = (body: Buffer): boolean => stream.write(encodePacket({ sequence, body }));
  const receive = async (): Promise<Packet | undefined> => {
    const packet = await readPacket(stream, MAX_ANSWER_BYTES, signal);
    sequence = (packet?.sequence ?? 0) + 1;
    return packet;
  };
  send(encodeClientHello(hello, proofOf(plugin, password, nonce)!, plugin));
  for (;;) {
    const body = (await receive())?.body;
    if (!body || body[0] === ANSWER.ok || body[0] === ANSWER.err) return body;
    if (body[0] === ANSWER.authSwitch) {
      const end = body.indexOf(0, 1);
      plugin = body.toString('latin1', 1, end);
      nonce = body.subarray(end + 1, end + 21);
      const proof = proofOf(plugin, password, nonce);
      if (!proof) return undefined;
      send(proof);
    } else if (body[0] === ANSWER.authMoreData && plugin === PLUGIN.cachingSha2) {
      if (body[1] === FAST_AUTH_SUCCEEDED) continue;
      if (isPrivate) {
        send(text(password));
        continue;
      }
      send(Buffer.from([REQUEST_PUBLIC_KEY]));
      const key = (await receive())?.body.subarray(1);
      if (!key) return undefined;
      send(encryptPassword(password, nonce, key));
    } else return undefined;
  }
}

const KNOWN: Readonly<Record<string, true>> = { [PLUGIN.native]: true, [PLUGIN.cachingSha2]: true };
