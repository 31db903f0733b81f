import type { Socket } from 'node:net';
import { authentication, encodeAuthentication } from '../postgres/messages.ts';
import { ScramServer, scramMechanism } from '../postgres/scram.ts';
import { readMessage } from './packet-reader.ts';
import { peerUid } from './peer-uid.ts';

/** Decides whether a client may go on. */
export interface Gate {
  /** Whether the client is asked for a password: then it must not be asked for another one. */
  readonly asks: boolean;
  /** A password that MySQL's clients have to prove when they log in: there is nothing that they could be asked before. */
  readonly secret?: string;
  /** Undefined if the client may pass, or what it is told. Rejects with the signal's reason. */
  admit(client: Socket, signal: AbortSignal): Promise<string | undefined>;
}

/** Lets everybody in who gets here. */
export const openGate: Gate = { asks: false, admit: async () => undefined };

/** Demands that the client's process belongs to the user whom this one belongs to. */
export const peerGate: Gate = {
  asks: false,
  async admit(client) {
    const uid = await peerUid(client);
    if (uid !== undefined && uid === process.getuid?.()) return undefined;
    return `The client belongs to ${uid === undefined ? 'an unknown user' : `the user ${uid}`} of this machine`;
  },
};

/** {@link secretGate} for MySQL. */
export function mysqlSecretGate(secret: string): Gate {
  return { asks: true, secret, admit: async () => undefined };
}

/** What a client hears that does not know the secret, wherever it was to get it from. */
export const wrongSecret = 'The password is not the secret of this listener';

/** Demands a secret as the password. It never travels: SCRAM proves that the client has it, in constant time. */
export function secretGate(secret: string): Gate {
  const scram = new ScramServer(secret);
  return {
    asks: true,
    async admit(client, signal) {
      client.write(encodeAuthentication(authentication.sasl, `${scramMechanism}\0\0`));
      const first = await readMessage(client, signal);
      const exchange = first?.type === 'p' ? scram.begin(saslStart(first.body)) : undefined;
      if (!exchange) return wrongSecret;
      client.write(encodeAuthentication(authentication.saslContinue, exchange.message));
      const last = await readMessage(client, signal);
      const final = last?.type === 'p' ? await exchange.finish(last.body.toString()) : undefined;
      if (final === undefined) return wrongSecret;
      client.write(encodeAuthentication(authentication.saslFinal, final));
      return undefined;
    },
  };
}

/** The SASL message in a SASLInitialResponse: behind the mechanism's name and a length. */
function saslStart(body: Buffer): string {
  const end = body.indexOf(0);
  return body.toString('utf8', 0, Math.max(end, 0)) === scramMechanism ? body.toString('utf8', end + 5) : '';
}
