import { readFileSync } from 'node:fs';
import { type Duplex, duplexPair } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import protobuf from 'protobufjs';
import { afterEach, describe, expect, it } from 'vitest';
import { deadline } from '../src/deadline.ts';
import { wantsClientProtocol } from '../src/dial/client-protocol.ts';
import { announceClient, skipAnswer } from '../src/listener/client-protocol.ts';

const instance = 'p:r:i';
const { root } = protobuf.parse(readFileSync(new URL('client-protocol.proto', import.meta.url), 'utf8'));
const greeting = Buffer.from('database');
const open: Duplex[] = [];

afterEach(() => {
  for (const stream of open.splice(0)) stream.destroy();
});

/** An answer in its frame, as the library for protobuf writes it. */
function frame(fields: { responseStatusCode?: number; errorMessage?: string }): Buffer {
  const type = root.lookupType('MetadataExchangeResponse');
  return framed(type.encode(type.create(fields)).finish());
}

function framed(message: Uint8Array, length = message.length): Buffer {
  const head = Buffer.alloc(12);
  head.write('CSQLMDEX');
  head.writeUInt32BE(length, 8);
  return Buffer.concat([head, message]);
}

/** Skips the answer of a server that sends these pieces, one at a time, and then perhaps hangs up; returns what is left. */
async function left(pieces: readonly Uint8Array[], end = true): Promise<string> {
  const [client, server] = duplexPair();
  open.push(client, server);
  const skipped = skipAnswer(client, instance, new AbortController().signal);
  skipped.catch(() => {});
  for (const piece of pieces) {
    server.write(piece);
    await turn();
  }
  if (end) server.end();
  await skipped;
  expect(client.listenerCount('readable') + client.listenerCount('close') + client.listenerCount('error')).toBe(0);
  return (await client.toArray()).join('');
}

const ok = frame({ responseStatusCode: 1 });
const error = frame({ responseStatusCode: 2, errorMessage: 'a reason' });

describe('what a listener says of its clients', () => {
  it.each([
    ['TCP', '4353514c4d444558000000021001'],
    ['UDS', '4353514c4d444558000000021003'],
  ] as const)('is these bytes for %s, which the library for protobuf reads', async (protocol, golden) => {
    const [client, server] = duplexPair();
    open.push(client, server);
    wantsClientProtocol(client);
    expect(announceClient(client, protocol)).toBe(true);
    await turn();
    const bytes = server.read() as Buffer;
    expect(bytes.toString('hex')).toBe(golden);
    const type = root.lookupType('MetadataExchangeRequest');
    expect(type.toObject(type.decode(bytes.subarray(12)), { enums: String })).toEqual({ clientProtocolType: protocol });
  });

  it('is nothing where the server does not ask', async () => {
    const [client, server] = duplexPair();
    open.push(client, server);
    expect(announceClient(client, 'TCP')).toBe(false);
    await turn();
    expect(server.read()).toBeNull();
  });
});

describe("the server's answer", () => {
  it('is these bytes when it agrees', () => {
    expect(ok.toString('hex')).toBe('4353514c4d444558000000020801');
  });

  it.each([
    ['agrees', ok],
    ['refuses, which changes nothing', error],
    ['has fields that nobody knows yet', framed(Buffer.from('0801' + '5205' + '6669656c64', 'hex'))],
    ['is as long as it may be', frame({ responseStatusCode: 2, errorMessage: 'x'.repeat(16_384 - 5) })],
  ])('is skipped when it %s', async (_, answer) => {
    expect(await left([Buffer.concat([answer, greeting])])).toBe('database');
  });

  const split = Buffer.concat([error, greeting]);

  it.each(Array.from({ length: split.length }, (_, at) => at))('may be cut at byte %i', async (at) => {
    expect(await left([split.subarray(0, at), split.subarray(at)].filter(({ length }) => length > 0))).toBe('database');
  });

  it('may arrive byte by byte, and so may what follows', async () => {
    expect(await left([...split].map((byte) => Buffer.from([byte])))).toBe('database');
  });

  it.each(['', 'R', 'CSQL', 'CSQLMDE', 'CSQLMDEx', 'CCSQLMDEX', 'J\0\0\0\x0a8.4.0'])(
    'may be absent: "%s" belongs to the database',
    async (bytes) => {
      const whole = `${bytes}\0database`;
      expect(await left([Buffer.from(whole)])).toBe(whole);
      expect(await left([...whole].map((letter) => Buffer.from(letter)))).toBe(whole);
    },
  );

  it.each([
    ['is too long', framed(Buffer.alloc(0), 16_385), 'announced an answer of 16385 bytes'],
    ['is empty', framed(Buffer.alloc(0)), 'announced an answer of 0 bytes'],
    ['is cut off', ok.subarray(0, -1), 'stopped in the middle of its answer'],
    ['ends in its length', ok.subarray(0, 10), 'stopped in the middle of its answer'],
    ['is no message', framed(Buffer.from([0x08])), 'sent an answer that cannot be read'],
  ])('is an error when it %s', async (_, answer, message) => {
    await expect(left([answer])).rejects.toMatchObject({
      code: 'CLOUDSQL_EXCHANGE_FAILED',
      message: expect.stringContaining(`In the metadata exchange, the server ${message}`),
    });
  });

  it('is waited for no longer than its caller wants', async () => {
    const [client, server] = duplexPair();
    open.push(client, server);
    const late = new Error('too late');
    const limit = deadline(50, () => late);
    server.write('CSQL');
    await expect(skipAnswer(client, instance, limit.signal)).rejects.toBe(late);
    limit.clear();
  });

  it('is no business of this exchange when the server hangs up', async () => {
    expect(await left([])).toBe('');
  });
});
