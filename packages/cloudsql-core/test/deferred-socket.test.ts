import { once } from 'node:events';
import net from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DeferredSocket } from '../src/drivers/deferred-socket.ts';
import { cloudSqlError, DialError } from '../src/errors.ts';

const refused = (cause?: Error): Error => new DialError('CLOUDSQL_SERVER_CLOSED', 'It hung up', { cause });

/** A promise that is settled from outside. */
function later<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

let server: net.Server;
let accepted: Promise<net.Socket>;

beforeEach(async () => {
  server = net.createServer();
  accepted = once(server, 'connection').then(([socket]) => socket as net.Socket);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  const peer = await Promise.race([accepted, Promise.resolve(undefined)]);
  peer?.destroy();
  server.close();
  await once(server, 'close');
});

async function real(): Promise<net.Socket> {
  const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** Everything that arrives until the end. */
async function read(socket: net.Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
}

it('dials when it is connected, and not before', async () => {
  let dials = 0;
  const socket = new DeferredSocket({
    refused,
    dial() {
      dials++;
      return real();
    },
  });
  expect([dials, socket.connecting, socket.readyState]).toEqual([0, false, 'closed']);
  socket.connect();
  socket.connect();
  expect([dials, socket.connecting, socket.readyState]).toEqual([1, true, 'opening']);
  await once(socket, 'connect');
  expect([dials, socket.connecting, socket.readyState]).toEqual([1, false, 'open']);
  socket.destroy();
});

it('sends what was written before the dial was done, in order, and what came after', async () => {
  const socket = new DeferredSocket({ refused, dial: real });
  socket.write('one ');
  socket.connect();
  socket.write('two ');
  const peer = await accepted;
  const text = read(peer);
  await once(socket, 'connect');
  socket.resume().end('three');
  expect(await text).toBe('one two three');
  await once(socket, 'close');
});

it('may alter the first write and no other', async () => {
  const socket = new DeferredSocket({
    refused,
    dial: real,
    firstWrite: (chunk) => Buffer.from(chunk.toString().toUpperCase()),
  });
  socket.connect();
  await once(socket, 'connect');
  const text = read(await accepted);
  socket.write('one ');
  await new Promise(setImmediate);
  socket.end('two');
  expect(await text).toBe('ONE two');
});

it('stops reading while nobody consumes, and loses nothing', async () => {
  const socket = new DeferredSocket({ refused, dial: real });
  socket.connect();
  await once(socket, 'connect');
  const peer = await accepted;
  const size = 8 * 1024 * 1024;
  peer.end(Buffer.alloc(size, 'x'));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(socket.readableLength).toBeLessThan(1024 * 1024);
  let length = 0;
  for await (const chunk of socket) length += (chunk as Buffer).length;
  expect(length).toBe(size);
});

it('passes settings on that were made before the dial was done', async () => {
  const made = later<net.Socket>();
  const socket = new DeferredSocket({ refused, dial: () => made.promise });
  socket.connect();
  socket.setNoDelay(true).setKeepAlive(true, 1000).setTimeout(20);
  const inner = await real();
  made.resolve(inner);
  await once(socket, 'timeout');
  expect(inner.timeout).toBe(20);
  socket.destroy();
});

it('gives the dial up when it is destroyed', async () => {
  let given: AbortSignal | undefined;
  const socket = new DeferredSocket({
    refused,
    dial(signal) {
      given = signal;
      return new Promise(() => {});
    },
  });
  socket.connect();
  socket.destroy();
  await once(socket, 'close');
  expect(given?.aborted).toBe(true);
});

it('closes a socket that arrives after it was destroyed', async () => {
  const made = later<net.Socket>();
  const socket = new DeferredSocket({ refused, dial: () => made.promise });
  socket.connect();
  socket.destroy();
  const late = await real();
  made.resolve(late);
  await once(late, 'close');
});

it("fails with the dial's error, as a driver wants it", async () => {
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED', errno: -111, syscall: 'connect' });
  const socket = new DeferredSocket({
    refused,
    dial: () => Promise.reject(cloudSqlError('CLOUDSQL_DIAL_FAILED', 'No', { cause })),
  });
  socket.connect();
  const [error] = await once(socket, 'error');
  expect(error).toMatchObject({ code: 'ECONNREFUSED', reason: 'CLOUDSQL_DIAL_FAILED' });
});

it('says so when the server hangs up before it has said anything', async () => {
  const socket = new DeferredSocket({ refused, dial: real });
  socket.connect();
  (await accepted).end();
  const [error] = await once(socket, 'error');
  expect(error).toMatchObject({ code: 'CLOUDSQL_SERVER_CLOSED', name: 'DialError' });
});

it('says so when the connection breaks before the server has said anything, with the cause', async () => {
  const socket = new DeferredSocket({ refused, dial: real });
  socket.connect();
  await once(socket, 'connect');
  (await accepted).resetAndDestroy();
  const [error] = await once(socket, 'error');
  expect(error).toMatchObject({ code: 'ECONNRESET', reason: 'CLOUDSQL_SERVER_CLOSED', syscall: 'read' });
});

it('ends quietly when the server hangs up later', async () => {
  const socket = new DeferredSocket({ refused, dial: real });
  socket.connect();
  socket.resume();
  (await accepted).end('goodbye');
  await once(socket, 'close');
  expect(socket.errored).toBeNull();
});
