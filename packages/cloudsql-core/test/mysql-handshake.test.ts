import { describe, expect, it } from 'vitest';
import { answerWith } from '../src/mysql/clear-password.ts';
import { encodeHello, parseGreeting, parseHello } from '../src/mysql/handshake.ts';
import { encodePacket, renameUser } from '../src/mysql/packets.ts';
import { isProof, proofOf } from '../src/mysql/passwords.ts';

const nonce = Buffer.from(Array.from({ length: 20 }, (_, i) => i + 1));

describe('the proof of a password', () => {
  // Made by mysql2 3.24.6.
  it.each([
    ['mysql_native_password', 'b32bb3a583e1340c0a1108d58b1be49781ad8c2f'],
    ['caching_sha2_password', '746ebe205d56a0707acb3e796e834e0dd7b1d61743b26bd5202c7a623230c7c9'],
  ])('is the one that clients make (%s)', (plugin, hex) => {
    const proof = Buffer.from(hex, 'hex');
    expect(proofOf(plugin, 'secret', nonce)?.toString('hex')).toBe(hex);
    expect(isProof(proof, plugin, 'secret', nonce)).toBe(true);
    expect(isProof(proof, plugin, 'secrets', nonce)).toBe(false);
    expect(isProof(proof, plugin, 'secret', Buffer.alloc(20, 7))).toBe(false);
    expect(isProof(Buffer.alloc(0), plugin, 'secret', nonce)).toBe(false);
  });

  it('does not exist for other plugins', () => {
    expect(proofOf('mysql_clear_password', 'secret', nonce)).toBeUndefined();
    expect(isProof(Buffer.from('secret'), 'mysql_clear_password', 'secret', nonce)).toBe(false);
  });
});

/** A server's first packet, with TLS on offer. */
const greeting = Buffer.concat([
  Buffer.from('\x0a8.4.0\0', 'latin1'),
  Buffer.from([7, 0, 0, 0]),
  nonce.subarray(0, 8),
  Buffer.from([0, 0xff, 0xff, 45, 2, 0, 0xff, 0xdf, 21]),
  Buffer.alloc(10),
  nonce.subarray(8),
  Buffer.from('\0caching_sha2_password\0'),
]);

describe('a greeting', () => {
  it('is read, and TLS taken out of it', () => {
    const read = parseGreeting(greeting);
    expect(read).toMatchObject({ nonce, plugin: 'caching_sha2_password' });
    const changed = [...greeting.keys()].filter((i) => greeting[i] !== read?.withoutTls[i]);
    expect(changed.map((i) => greeting[i]! ^ read!.withoutTls[i]!)).toEqual([0x08]);
  });

  it.each([greeting.subarray(0, 30), Buffer.from([10]), Buffer.from([0xff, 0, 0]), Buffer.from([9, 0])])(
    'is none (%#)',
    (body) => {
      expect(parseGreeting(body)).toBeUndefined();
    },
  );
});

/** A client's first packet, with all that it may have. */
function hello(flags: number, ...rest: (Buffer | string)[]): Buffer {
  const head = Buffer.alloc(32, 1);
  head.writeUInt32LE(flags, 0);
  return Buffer.concat([head, ...rest.map((part) => Buffer.from(part as string))]);
}

const all = 0x28_8208;
const attributes = Buffer.from([3, 1, 0x61, 0]);

describe('a hello', () => {
  const whole = hello(all, 'placeholder\0', Buffer.from([2, 8, 9]), 'orders\0', 'mysql_native_password\0', attributes);

  it('is taken apart and put together again', () => {
    const read = parseHello(whole)!;
    expect(read).toMatchObject({
      user: 'placeholder',
      proof: Buffer.from([8, 9]),
      plugin: 'mysql_native_password',
      database: Buffer.from('orders\0'),
      rest: attributes,
    });
    const written = encodeHello(read, 'app', Buffer.from([5]), 'caching_sha2_password');
    expect(parseHello(written)).toMatchObject({
      user: 'app',
      proof: Buffer.from([5]),
      plugin: 'caching_sha2_password',
      database: Buffer.from('orders\0'),
      rest: attributes,
    });
  });

  it('may have nothing but a name', () => {
    expect(parseHello(hello(0x200, 'app\0', 'proof\0'))).toMatchObject({ user: 'app', proof: Buffer.from('proof') });
  });

  it.each([
    ['too short', hello(all).subarray(0, 31)],
    ['of an old protocol', hello(0x8000, 'app\0\0')],
    ['a wish for TLS', hello(all | 0x800)],
    ['with a proof that is not there', hello(all, 'app\0', Buffer.from([9, 1]))],
    ['with a proof of an absurd length', hello(all, 'app\0', Buffer.from([0xfe]), Buffer.alloc(300))],
  ])('is none when it is %s', (_, body) => {
    expect(parseHello(body)).toBeUndefined();
  });

  it('gets another user in place of the placeholder, and only of that', () => {
    const packet = encodePacket(1, whole);
    const renamed = renameUser(packet, 'placeholder', 'a-longer-name-than-before');
    expect(renamed.readUIntLE(0, 3)).toBe(renamed.length - 4);
    expect(parseHello(renamed.subarray(4))).toMatchObject({ user: 'a-longer-name-than-before', rest: attributes });
    expect(renameUser(packet, 'somebody-else', 'app')).toBe(packet);
    expect(renameUser(packet.subarray(0, 20), 'placeholder', 'app')).toHaveLength(20);
  });
});

describe('a wish for a password in clear text', () => {
  const wish = encodePacket(2, Buffer.from('\xfemysql_clear_password\0', 'latin1'));
  const ok = encodePacket(4, Buffer.from([0, 0, 0, 2, 0, 0, 0]));
  const more = Buffer.from('what comes after the login');

  it('is answered unseen, however the bytes are cut', () => {
    const bytes = Buffer.concat([wish, ok, more]);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const sent: Buffer[] = [];
      const filter = answerWith(() => 'token');
      const seen = [bytes.subarray(0, cut), bytes.subarray(cut)]
        .filter((chunk) => chunk.length > 0)
        .map((chunk) => filter(chunk, (answer) => void sent.push(answer)) ?? chunk);
      expect(sent).toEqual([encodePacket(3, Buffer.from('token\0'))]);
      expect(Buffer.concat(seen)).toEqual(Buffer.concat([encodePacket(2, ok.subarray(4)), more]));
    }
  });

  it('is all that is answered', () => {
    const other = encodePacket(2, Buffer.from('\xfemysql_native_password\0', 'latin1'));
    const filter = answerWith(() => 'token');
    const send = (): never => {
      throw new Error('nothing is to be sent');
    };
    expect(filter(other, send)).toEqual(other);
    expect(filter(wish, send)).toBeUndefined();
  });
});
