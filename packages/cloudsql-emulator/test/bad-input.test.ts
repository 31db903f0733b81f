import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Emulator } from '../src/index.ts';
import type { Access } from './client.ts';
import { dial, getAccess, query } from './client.ts';
import { APP, APP_USER, ORDERS, startTestEmulator } from './setup.ts';
import { encodeMessage, encodeStartup, exchange, fatal, plain, text } from './wire.ts';

let cloud: Emulator;
let access: Access;
let address: string;

beforeAll(async () => {
  cloud = await startTestEmulator();
  access = await getAccess(cloud, ORDERS, { email: APP });
  address = access.addresses.get('PRIMARY')!;
});
afterAll(() => cloud.close());
// Whatever was sent, the next client is served.
afterEach(async () => {
  expect(await query(access, { user: APP_USER, database: 'orders' }, 'select 1')).toEqual([1]);
});

function uint32(...values: number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) buffer.writeUInt32BE(value, index * 4);
  return buffer;
}

describe('before TLS', () => {
  test.each([
    ['noise', randomBytes(4096)],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['a plain startup message', encodeStartup(new Map([['user', APP_USER]]))],
  ])('%s is refused', async (_name, bytes) => {
    await exchange(await plain(address, 3307), bytes);
  });

  test('a client that leaves at once is forgotten', async () => {
    (await plain(address, 3307)).destroy();
  });
});

describe('in the startup packet', () => {
  test.each([
    ['noise', randomBytes(64), 'invalid length of startup packet'],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), 'invalid length of startup packet'],
    ['an oversized length', uint32(0x7fff_ffff, 0x0003_0000), 'invalid length of startup packet'],
    ['a length of zero', uint32(0, 0x0003_0000), 'invalid length of startup packet'],
    ['an old protocol', uint32(8, 0x0002_0000), 'unsupported frontend protocol 2.0'],
    ['no parameters', uint32(8, 0x0003_0000), 'invalid startup packet layout: expected terminator as last byte'],
    ['no user', encodeStartup(new Map([['database', 'x']])), 'no PostgreSQL user name specified in startup packet'],
    ['endless offers', Buffer.concat(Array(4).fill(uint32(8, 80_877_103))), 'too many negotiation requests'],
  ])('%s is answered with an error', async (_name, bytes, message) => {
    const received = await exchange(dial(access), bytes);
    expect(fatal(received.subarray(received.indexOf('E')))).toBe(message);
  });

  test('a truncated packet ends the connection', async () => {
    const bytes = encodeStartup(new Map([['user', APP_USER]])).subarray(0, 12);
    expect(await exchange(dial(access), bytes, true)).toHaveLength(0);
    const refusal = 'client left before its startup packet was complete';
    expect(cloud.connections.at(-1)).toMatchObject({ state: 'refused', refusal });
  });

  test('the last of two users counts, as in PostgreSQL', async () => {
    const twice = Buffer.concat([text('user'), text(APP_USER), text('user'), text('cloudsqladmin'), Buffer.alloc(1)]);
    const packet = Buffer.concat([uint32(8 + twice.length, 0x0003_0000), twice]);
    expect(fatal(await exchange(dial(access), packet))).toBe('password authentication failed for user "cloudsqladmin"');
  });

  test('a name that PostgreSQL would cut does not become another', async () => {
    const user = `${'a'.repeat(63)}@demo-shop.iam`;
    const received = await exchange(dial(access), encodeStartup(new Map([['user', user]])));
    expect(fatal(received)).toBe(`password authentication failed for user "${user}"`);
  });

  test('a CancelRequest for nobody is closed without an answer', async () => {
    expect(await exchange(dial(access), uint32(16, 80_877_102, 1, 2))).toHaveLength(0);
  });
});

test('encryption inside TLS is declined, then the login goes on', async () => {
  const socket = dial(access);
  await once(socket, 'secureConnect');
  socket.write(Buffer.concat([uint32(8, 80_877_103), uint32(8, 80_877_104)]));
  const startup = encodeStartup(
    new Map([
      ['user', APP_USER],
      ['database', 'orders'],
    ]),
  );
  const received = await exchange(socket, Buffer.concat([startup, encodeMessage('X', Buffer.alloc(0))]));
  expect(received.subarray(0, 11).toString('latin1')).toBe('NNR\0\0\0\x08\0\0\0\0');
});

test.each([
  ['another message', encodeMessage('Q', text('select 1')), 'expected password response'],
  ['an oversized password', Buffer.from('p\x7f\xff\xff\xff', 'latin1'), 'expected password response'],
  ['an empty password', encodeMessage('p', text('')), 'empty password returned by client'],
])('%s instead of a token is refused', async (_name, answer, message) => {
  const withoutIdentity = await getAccess(cloud, ORDERS, { email: APP, login: false });
  const received = await exchange(
    dial(withoutIdentity),
    Buffer.concat([encodeStartup(new Map([['user', APP_USER]])), answer]),
  );
  expect(fatal(received)).toBe(message);
});

test('the control plane answers noise with an error, and hangs up on what begins like TLS', async () => {
  const send = async (text: string): Promise<string> => {
    const socket = await plain('127.0.0.1', Number(cloud.host.split(':')[1]));
    return (await exchange(socket, Buffer.from(text, 'latin1'))).toString();
  };
  expect(await send('\x15\x03\x01 this is no HTTP\r\n\r\n')).toMatch(/^HTTP\/1.1 400/);
  expect(await send('\x16\x03\x01\0\x04 this is no TLS\r\n\r\n')).not.toContain('HTTP');
});

test('500 random first packets beside healthy clients do no harm', async () => {
  const attacks = Array.from({ length: 500 }, async () => {
    const socket = dial(access);
    const length = Math.floor(Math.random() * 200);
    const head = Math.random() < 0.5 ? uint32(length + 8, 0x0003_0000) : Buffer.alloc(0);
    await exchange(socket, Buffer.concat([head, randomBytes(length)]), true);
  });
  const config = { user: APP_USER, database: 'orders' };
  const healthy = Array.from({ length: 20 }, () => query(access, config, 'select 2'));
  expect(await Promise.all(healthy)).toEqual(Array(20).fill([2]));
  await Promise.all(attacks);
});
