import type { Duplex } from 'node:stream';
import { encodeHello, type Greeting, type Hello } from '../mysql/handshake.ts';
import { answer, encodePacket } from '../mysql/packets.ts';
import { encryptPassword, proofOf } from '../mysql/passwords.ts';
import { readPacket } from './packet-reader.ts';

/** A login on behalf of a client. */
export interface MysqlLogin {
  readonly server: Duplex;
  readonly greeting: Greeting;
  readonly hello: Hello;
  readonly user: string;
  /** The password or token, empty for none; undefined where proving one is the client's business. */
  readonly secret: string | undefined;
  /** Whether the server may be shown it in clear text. */
  readonly isToken: boolean;
  readonly signal: AbortSignal;
}

const zero = Buffer.alloc(1);

/**
 * Sends the client's hello, with another proof where we have the secret. Returns the server's word about it, which ends
 * the login, or is for the client to answer; undefined if the server has gone.
 */
export async function logInToMysql(login: MysqlLogin): Promise<Buffer | undefined> {
  const { server, greeting, hello, user, secret, isToken, signal } = login;
  let { plugin, nonce } = greeting;
  let sequence = 1;
  const send = (body: Buffer): boolean => server.write(encodePacket(sequence, body));
  const receive = async (): Promise<Buffer | undefined> => {
    const packet = await readPacket(server, signal);
    sequence = (packet?.sequence ?? 0) + 1;
    return packet?.body;
  };
  const proof = (): Buffer => (secret && !isToken && proofOf(plugin, secret, nonce)) || Buffer.alloc(0);
  if (secret === undefined) {
    send(encodeHello(hello, user, hello.proof, hello.plugin ?? plugin));
    return receive();
  }
  send(encodeHello(hello, user, proof(), plugin));
  for (;;) {
    const body = await receive();
    if (body?.[0] === answer.authSwitch) {
      const end = body.indexOf(0, 1);
      plugin = body.toString('latin1', 1, end);
      nonce = body.subarray(end + 1, end + 21);
      const isClear = plugin === 'mysql_clear_password';
      send(isClear && isToken ? Buffer.from(`${secret}\0`) : proof());
    } else if (body?.[0] === answer.more && body[1] === 4) {
      // The full check of caching_sha2_password: with the server's key, since it cannot know of our TLS.
      send(Buffer.from([2]));
      const key = await receive();
      send(key ? encryptPassword(secret, nonce, key.subarray(1)) : zero);
    } else if (body?.[0] !== answer.more) return body;
  }
}
