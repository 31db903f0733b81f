import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { encodeMessage, text } from './messages.ts';

/** Kinds of authentication messages that are answered. */
const ASKS = { cleartext: 3, md5: 5, sasl: 10, saslContinue: 11 } as const;
const MECHANISM = 'SCRAM-SHA-256';

/** The client's side of a login with a password, one message after the other. */
export class PasswordLogin {
  readonly #user: string;
  readonly #password: string;
  readonly #bare = `n=,r=${randomBytes(18).toString('base64')}`;

  constructor(user: string, password: string) {
    this.#user = user;
    this.#password = password;
  }

  /** Returns the answer to an authentication message, or `undefined` where none is wanted. */
  answer(body: Buffer): Buffer | undefined {
    switch (body.readUInt32BE(0)) {
      case ASKS.cleartext:
        return encodeMessage('p', text(this.#password));
      case ASKS.md5: {
        const inner = md5(`${this.#password}${this.#user}`);
        return encodeMessage('p', text(`md5${md5(Buffer.concat([Buffer.from(inner), body.subarray(4, 8)]))}`));
      }
      case ASKS.sasl: {
        const first = Buffer.from(`n,,${this.#bare}`);
        const length = Buffer.alloc(4);
        length.writeUInt32BE(first.length, 0);
        return encodeMessage('p', Buffer.concat([text(MECHANISM), length, first]));
      }
      case ASKS.saslContinue:
        return encodeMessage('p', Buffer.from(this.#prove(body.toString('utf8', 4))));
      default:
        return undefined;
    }
  }

  #prove(serverFirst: string): string {
    const [nonce = '', salt = '', rounds = ''] = serverFirst.split(',').map((attribute) => attribute.slice(2));
    const salted = pbkdf2Sync(
      this.#password.normalize('NFKC'),
      Buffer.from(salt, 'base64'),
      Number(rounds),
      32,
      'sha256',
    );
    const key = hmac(salted, 'Client Key');
    const final = `c=biws,r=${nonce}`;
    const stored = createHash('sha256').update(key).digest();
    const signature = hmac(stored, `${this.#bare},${serverFirst},${final}`);
    return `${final},p=${Buffer.from(key.map((byte, index) => byte ^ signature[index]!)).toString('base64')}`;
  }
}

function hmac(key: Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}

function md5(data: string | Buffer): string {
  return createHash('md5').update(data).digest('hex');
}
