import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import {
  authentication,
  encodeMessage,
  encodePassword,
  encodeSaslStart,
  type FatalError,
  sqlState,
} from '../postgres/messages.ts';
import { ScramClient, scramMechanism } from '../postgres/scram.ts';
import { readMessage } from './packet-reader.ts';

/** A login that the listener goes through in place of its client. */
export interface ServerLogin {
  readonly server: Duplex;
  readonly client: Duplex;
  readonly user: string;
  /** Undefined where there is none to give. */
  readonly password: () => Promise<string | undefined>;
  readonly signal: AbortSignal;
}

/** How it went. */
export type LoginOutcome =
  /** The client has been told all that the server said; what follows is between them. */
  | { readonly outcome: 'RELAY' }
  /** The server hung up. */
  | { readonly outcome: 'CLOSED' }
  | { readonly outcome: 'FAILED'; readonly error: FatalError };

const relayed: LoginOutcome = { outcome: 'RELAY' };

/**
 * Answers the server's requests for a password until it has decided. The client sees the decision only: it has either
 * shown a secret of the listener's, and would not understand a second request, or has no password to show.
 */
export async function logIn({ server, client, user, password, signal }: ServerLogin): Promise<LoginOutcome> {
  const scram = new ScramClient();
  for (;;) {
    const message = await readMessage(server, signal);
    if (!message) return { outcome: 'CLOSED' };
    const { type, body } = message;
    const kind = type === 'R' && body.length >= 4 ? body.readInt32BE(0) : undefined;
    if (kind === undefined || kind === authentication.ok) {
      client.write(encodeMessage(type, body));
      // Anything but a notice or a word on the protocol's version is the end: usually an ErrorResponse.
      if (kind === authentication.ok || !'NvS'.includes(type)) return relayed;
      continue;
    }
    const secret = await password();
    if (secret === undefined) return failed(`The server asks for a password of the user "${user}"`);
    const answer = await answerTo(kind, body.subarray(4), { user, secret, scram });
    if (answer === undefined) return failed(`The server asks for a login of kind ${kind} that cannot be answered`);
    if (answer !== 'NOTHING') server.write(answer);
  }
}

interface Known {
  readonly user: string;
  readonly secret: string;
  readonly scram: ScramClient;
}

async function answerTo(
  kind: number,
  body: Buffer,
  { user, secret, scram }: Known,
): Promise<Buffer | string | undefined> {
  switch (kind) {
    case authentication.cleartext:
      return encodePassword(secret);
    case authentication.md5:
      return encodePassword(`md5${md5(Buffer.concat([Buffer.from(md5(secret + user)), body]))}`);
    case authentication.sasl:
      return body.toString().split('\0').includes(scramMechanism)
        ? encodeSaslStart(scramMechanism, scram.start())
        : undefined;
    case authentication.saslContinue: {
      const answer = await scram.answer(body.toString(), secret);
      return answer === undefined ? undefined : encodeMessage('p', Buffer.from(answer));
    }
    case authentication.saslFinal:
      return scram.verify(body.toString()) ? 'NOTHING' : undefined;
    default:
      return undefined;
  }
}

function failed(message: string): LoginOutcome {
  const hint = 'Give the listener `user` and `password`, or use a Unix socket, where the client logs in by itself.';
  return { outcome: 'FAILED', error: { code: sqlState.invalidPassword, message, hint } };
}

// The server's choice, and inside of TLS.
function md5(text: string | Buffer): string {
  return createHash('md5').update(text).digest('hex');
}
