import { constants, generateKeyPairSync, privateDecrypt } from 'node:crypto';
import { type Duplex, duplexPair } from 'node:stream';
import { expect, it } from 'vitest';
import { logInToMysql } from '../src/listener/mysql-login.ts';
import { readPacket } from '../src/listener/packet-reader.ts';
import { type Hello, parseHello } from '../src/mysql/handshake.ts';
import { encodeErr, encodePacket } from '../src/mysql/packets.ts';
import { proofOf } from '../src/mysql/passwords.ts';

// A server that checks passwords as MySQL 8 does, which no machine without one can be asked about.

const nonce = Buffer.from(Array.from({ length: 20 }, (_, i) => i + 1));
const other = Buffer.from(nonce).reverse();
const ok = Buffer.from([0, 0, 0, 2, 0, 0, 0]);
const denied = encodeErr(1045, '28000', 'Access denied');
const sha2 = 'caching_sha2_password';
const native = 'mysql_native_password';
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

type Exchange = (ask: (body: Buffer) => Promise<Buffer>, hello: Hello) => Promise<boolean>;

const switchTo = (plugin: string): Buffer => Buffer.from(`\xfe${plugin}\0${other.toString('latin1')}\0`, 'latin1');
const isProofOf = (proof: Buffer, plugin: string, from: Buffer): boolean =>
  proofOf(plugin, 'secret', from)?.equals(proof) ?? false;

/** Serves one login on a stream, and says at the end whether it is fine. */
async function serve(stream: Duplex, exchange: Exchange): Promise<void> {
  const signal = AbortSignal.timeout(5000);
  let sequence = 2;
  const packet = await readPacket(stream, signal);
  const ask = async (body: Buffer): Promise<Buffer> => {
    stream.write(encodePacket(sequence++, body));
    const reply = await readPacket(stream, signal);
    expect(reply?.sequence).toBe(sequence++);
    return reply!.body;
  };
  const isFine = await exchange(ask, parseHello(packet!.body)!);
  stream.write(encodePacket(sequence++, isFine ? ok : denied));
}

const exchanges: readonly (readonly [string, Exchange])[] = [
  ['knows the password already', async (_, { proof, plugin }) => plugin === sha2 && isProofOf(proof, sha2, nonce)],
  [
    'wants the password itself, encrypted',
    async (ask) => {
      expect(await ask(Buffer.from([1, 4]))).toEqual(Buffer.from([2]));
      const key = publicKey.export({ type: 'spki', format: 'pem' }).toString();
      const masked = privateDecrypt(
        { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING },
        await ask(Buffer.from(`\x01${key}`)),
      );
      return Buffer.from(masked.map((byte, i) => byte ^ nonce[i % nonce.length]!)).toString() === 'secret\0';
    },
  ],
  ['has it the older way', async (ask) => isProofOf(await ask(switchTo(native)), native, other)],
  ['begins anew', async (ask) => isProofOf(await ask(switchTo(sha2)), sha2, other)],
];

it.each(exchanges)('proves a password to a server that %s', async (_, exchange) => {
  for (const [secret, answer] of [
    ['secret', ok],
    ['wrong!', denied],
  ] as const) {
    const [server, far] = duplexPair();
    const served = serve(far, exchange);
    const hello = { head: Buffer.alloc(32), user: '', proof: Buffer.alloc(0), plugin: sha2 };
    hello.head.writeUInt32LE(0x8_8200, 0);
    const last = await logInToMysql({
      server,
      greeting: { nonce, plugin: sha2, withoutTls: Buffer.alloc(0) },
      hello: { ...hello, database: Buffer.alloc(0), rest: Buffer.alloc(0) },
      user: 'app',
      secret,
      isToken: false,
      signal: AbortSignal.timeout(5000),
    });
    await served;
    expect(last).toEqual(answer);
  }
});

it('never shows a password in clear text, but a token', async () => {
  for (const isToken of [false, true]) {
    const [server, far] = duplexPair();
    const served = serve(far, async (ask) => {
      const shown = await ask(Buffer.from('\xfemysql_clear_password\0', 'latin1'));
      expect(shown.toString()).toBe(isToken ? 'secret\0' : '');
      return isToken;
    });
    const head = Buffer.alloc(32);
    head.writeUInt32LE(0x8_8200, 0);
    const none = Buffer.alloc(0);
    const last = await logInToMysql({
      server,
      greeting: { nonce, plugin: sha2, withoutTls: none },
      hello: { head, user: '', proof: none, plugin: sha2, database: none, rest: none },
      user: 'app',
      secret: 'secret',
      isToken,
      signal: AbortSignal.timeout(5000),
    });
    await served;
    expect(last).toEqual(isToken ? ok : denied);
  }
});
