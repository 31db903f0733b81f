import { type Duplex, duplexPair } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { deadline } from '../src/deadline.ts';
import { exchangeMetadata } from '../src/dial/metadata-exchange.ts';
import { DialError } from '../src/errors.ts';
import { decodeRequest, frame, responseFrame } from './exchange-codec.ts';

const instance = 'projects/p/locations/r/clusters/c/instances/i';
const at = { instance, host: '10.1.2.3', port: 5433 };
const request = { userAgent: 'cloudsql-orm/0', authType: 'AUTO_IAM', token: 'ya29.secret' } as const;
const ok = responseFrame({ responseCode: 1 });

const open: Duplex[] = [];

afterEach(() => {
  for (const stream of open.splice(0)) stream.destroy();
});

/** The client's end of a connection, and the server's, which collects what it gets. */
function pair(): { client: Duplex; server: Duplex; received: () => Buffer } {
  const [client, server] = duplexPair();
  const chunks: Buffer[] = [];
  server.on('error', () => {}).on('data', (chunk: Buffer) => chunks.push(chunk));
  open.push(client, server);
  return { client, server, received: () => Buffer.concat(chunks) };
}

/** Runs the exchange against a server that sends these pieces, one at a time, and then perhaps hangs up. */
async function run(pieces: readonly Uint8Array[], { end = false } = {}): Promise<{ client: Duplex; error?: Error }> {
  const { client, server } = pair();
  const done = exchangeMetadata(client, request, at, new AbortController().signal).then(
    () => ({ client }),
    (error: Error) => ({ client, error }),
  );
  for (const piece of pieces) {
    server.write(piece);
    await turn();
  }
  if (end) server.end();
  return done;
}

/** Everything that is still to be read from a stream whose far side has ended. */
async function rest(client: Duplex): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of client) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

describe('the exchange', () => {
  it('sends one frame that the library for protobuf reads, and is content with OK', async () => {
    const { client, server, received } = pair();
    const done = exchangeMetadata(client, request, at, new AbortController().signal);
    await turn();
    const bytes = received();
    expect(bytes.readUInt32BE()).toBe(bytes.length - 4);
    expect(decodeRequest(bytes.subarray(4))).toEqual({
      userAgent: request.userAgent,
      authType: 'AUTO_IAM',
      oauth2Token: request.token,
    });
    server.write(ok);
    await done;
    expect(client.destroyed).toBe(false);
    expect(client.listenerCount('error') + client.listenerCount('readable') + client.listenerCount('close')).toBe(0);
  });

  const long = responseFrame({ responseCode: 1, error: 'a greeting' });

  it.each(Array.from({ length: long.length + 1 }, (_, position) => position))('may be cut at byte %i', async (cut) => {
    const bytes = Buffer.concat([long, Buffer.from('database')]);
    const { client, error } = await run(
      [bytes.subarray(0, cut), bytes.subarray(cut)].filter((part) => part.length > 0),
      {
        end: true,
      },
    );
    expect(error).toBeUndefined();
    expect(await rest(client)).toBe('database');
  });

  it('may arrive byte by byte, and so may what follows', async () => {
    const bytes = [...Buffer.concat([long, Buffer.from('database')])].map((byte) => Buffer.from([byte]));
    const { client, error } = await run(bytes, { end: true });
    expect(error).toBeUndefined();
    expect(await rest(client)).toBe('database');
  });

  it('leaves megabytes behind it to the database', async () => {
    const { client } = await run([Buffer.concat([ok, Buffer.alloc(2_000_000, 'x')])], { end: true });
    expect(await rest(client)).toBe('x'.repeat(2_000_000));
  });

  it('takes an answer of exactly 16,384 bytes', async () => {
    const error = 'x'.repeat(16_384 - 5);
    const bytes = responseFrame({ responseCode: 1, error });
    expect(bytes).toHaveLength(4 + 16_384);
    expect((await run([bytes])).error).toBeUndefined();
  });
});

describe('the exchange fails, and the socket with it,', () => {
  it.each([
    [
      'an error with a reason',
      responseFrame({ responseCode: 2, error: 'Permission denied.' }),
      'REFUSED',
      /: Permission denied \(inst/,
    ],
    [
      'an error without one',
      responseFrame({ responseCode: 2 }),
      'REFUSED',
      /refused the login without giving a reason/,
    ],
    ['no code', responseFrame({}), 'FAILED', /response code 0 \(/],
    ['no code but a text', responseFrame({ error: 'odd' }), 'FAILED', /response code 0: odd/],
    ['a code that does not exist', responseFrame({ responseCode: 9 }), 'FAILED', /response code 9/],
    ['something other than a message', frame(Buffer.from('SSSS')), 'FAILED', /cannot be read/],
    ['too long an answer', Buffer.from('00004001', 'hex'), 'FAILED', /an answer of 16385 bytes/],
    ['the longest length there is', Buffer.from('ffffffff', 'hex'), 'FAILED', /4294967295 bytes/],
  ])('when the server sends %s', async (_, bytes, code, message) => {
    const { client, error } = await run([bytes]);
    expect(error).toBeInstanceOf(DialError);
    expect(error).toMatchObject({
      code: `CLOUDSQL_EXCHANGE_${code}`,
      instance,
      message: expect.stringMatching(message),
    });
    expect(client.destroyed).toBe(true);
  });

  it.each(Array.from({ length: ok.length }, (_, length) => length))(
    'when the server leaves after %i bytes',
    async (length) => {
      const { client, error } = await run(
        [ok.subarray(0, length)].filter((part) => part.length > 0),
        { end: true },
      );
      expect(error).toMatchObject({
        code: length === 0 ? 'CLOUDSQL_SERVER_CLOSED' : 'CLOUDSQL_EXCHANGE_FAILED',
        instance,
      });
      expect(client.destroyed).toBe(true);
    },
  );

  it('when the connection breaks, with the reason as its cause', async () => {
    const { client } = pair();
    const done = exchangeMetadata(client, request, at, new AbortController().signal);
    client.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
    await expect(done).rejects.toMatchObject({
      code: 'CLOUDSQL_SERVER_CLOSED',
      message: expect.stringContaining('read ECONNRESET'),
    });
  });

  it('when the server stays silent until the deadline', async () => {
    const { client } = pair();
    const late = new DialError('CLOUDSQL_DIAL_TIMEOUT', 'Waited 20 ms');
    const limit = deadline(20, () => late);
    await expect(exchangeMetadata(client, request, at, limit.signal)).rejects.toBe(late);
    expect(client.destroyed).toBe(true);
  });

  it('when the caller gives up, also in the middle of an answer', async () => {
    const { client, server } = pair();
    const controller = new AbortController();
    const done = exchangeMetadata(client, request, at, controller.signal);
    server.write(ok.subarray(0, 5));
    await turn();
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(done).rejects.toBe(reason);
    expect(client.destroyed).toBe(true);
  });

  it('when the caller has given up before', async () => {
    const reason = new Error('enough');
    const { client } = pair();
    await expect(exchangeMetadata(client, request, at, AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it('never with the token in its message, in one line, and not without end', async () => {
    const said = `bad token ${request.token}\r\n\u0000${'x'.repeat(5000)}`;
    const { error } = await run([responseFrame({ responseCode: 2, error: said })]);
    expect(error?.message).toContain('bad token [token] xxx');
    expect(error?.message).not.toContain('secret');
    expect(error?.message).not.toMatch(/\p{Cc}/u);
    expect(error!.message.length).toBeLessThan(1000);
  });
});
