import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { deadline } from '../src/deadline.ts';
import { dial } from '../src/dial/dial.ts';
import { DialError } from '../src/errors.ts';
import { Authority } from './authority.ts';

/** A promise that is settled from outside. */
function later<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

const servers: net.Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.close();
    await once(server, 'close');
  }
});

/** A server that does to each connection what it is told. */
async function serve(behave: (socket: net.Socket) => void): Promise<number> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {}).resume();
    behave(socket);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as net.AddressInfo).port;
}

function target(port: number): Parameters<typeof dial>[0] {
  return {
    instance: 'p:r:i',
    hosts: ['127.0.0.1'],
    port,
    secureContext: tls.createSecureContext({ minVersion: 'TLSv1.3' }),
    identity: () => ({ commonName: 'p:i', serverName: undefined }),
    lookup: async () => [],
  };
}

async function failure(port: number, signal: AbortSignal = new AbortController().signal): Promise<Error> {
  return dial(target(port), signal).then(
    () => Promise.reject(new Error('it connected')),
    (error: Error) => error,
  );
}

it('says where nobody listens', async () => {
  const port = await serve(() => {});
  servers.pop()!.close();
  const error = await failure(port);
  expect(error).toBeInstanceOf(DialError);
  expect(error).toMatchObject({ code: 'CLOUDSQL_DIAL_FAILED', instance: 'p:r:i', cause: { code: 'ECONNREFUSED' } });
  expect(error.message).toMatch(new RegExp(`^No connection to 127.0.0.1:${port}: connect ECONNREFUSED .*port 3307`));
});

it('says that a server which hangs up did so in the handshake', async () => {
  expect(await failure(await serve((socket) => socket.destroy()))).toMatchObject({ code: 'CLOUDSQL_TLS_FAILED' });
});

it('says that a server which speaks something else is not to be understood', async () => {
  expect(await failure(await serve((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')))).toMatchObject({
    code: 'CLOUDSQL_TLS_FAILED',
  });
});

it('ends at its deadline when the server stays silent', async () => {
  const sockets: net.Socket[] = [];
  const port = await serve((socket) => sockets.push(socket));
  const late = new DialError('CLOUDSQL_DIAL_TIMEOUT', 'Waited 50 ms');
  const limit = deadline(50, () => late);
  expect(await failure(port, limit.signal)).toBe(late);
  await Promise.all(sockets.map((socket) => (socket.destroyed ? undefined : once(socket, 'close'))));
});

it('closes its socket at once when the caller gives up', async () => {
  const accepted = later<net.Socket>();
  const port = await serve((socket) => accepted.resolve(socket));
  const controller = new AbortController();
  const failed = failure(port, controller.signal);
  const socket = await accepted.promise;
  const reason = new Error('enough');
  controller.abort(reason);
  expect(await failed).toBe(reason);
  if (!socket.destroyed) await once(socket, 'close');
});

it('does not begin when the caller has given up already', async () => {
  const reason = new Error('enough');
  expect(await failure(1, AbortSignal.abort(reason))).toBe(reason);
});

it('takes up no earlier session, though the server offers to', async () => {
  const authority = await Authority.create('test');
  const server = tls.createServer({ ...(await authority.issue('p:i')), minVersion: 'TLSv1.3' });
  const reused: boolean[] = [];
  server.on('secureConnection', (socket) => {
    reused.push(socket.isSessionReused());
    socket.on('error', () => {}).end('x');
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const secureContext = tls.createSecureContext({ ca: authority.pem, minVersion: 'TLSv1.3' });
  const sessions: Buffer[] = [];
  const drain = async (socket: tls.TLSSocket): Promise<void> => {
    socket.on('session', (session) => sessions.push(session)).resume();
    await once(socket, 'close');
  };
  for (let i = 0; i < 5; i++) {
    const { socket } = await dial({ ...target(port), secureContext }, new AbortController().signal);
    await drain(socket);
  }
  expect(reused).toEqual(Array(5).fill(false));
  // The offer is real: who takes it up skips the check of the server's identity.
  await drain(tls.connect({ host: '127.0.0.1', port, secureContext, checkServerIdentity: () => undefined }));
  const session = sessions.at(-1);
  await drain(tls.connect({ host: '127.0.0.1', port, secureContext, session, checkServerIdentity: () => undefined }));
  expect(reused.at(-1)).toBe(true);
});

describe('a server that is known by its address', () => {
  /** Dials a TLS server with these names in its certificate; resolves with the SNI that it got. */
  async function dialled(host: string, names: { dns?: string[]; ip?: string[] }): Promise<string | false> {
    const authority = await Authority.create('test');
    const server = tls.createServer({ ...(await authority.issue('', { names })), minVersion: 'TLSv1.3' });
    const asked = later<string | false>();
    server.on('secureConnection', (socket) => {
      asked.resolve((socket as tls.TLSSocket & { servername: string | false }).servername);
      socket.on('error', () => {}).resume();
    });
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    const secureContext = tls.createSecureContext({ ca: authority.pem, minVersion: 'TLSv1.3' });
    const { signal } = new AbortController();
    const lookup = async (): Promise<string[]> => ['127.0.0.1'];
    const identity = (address: string): { address: string } => ({ address });
    const { socket } = await dial({ instance: 'i', hosts: [host], port, secureContext, identity, lookup }, signal);
    const name = await asked.promise;
    socket.destroy();
    return name;
  }

  it('is asked for by name where it has one, and has to have that name', async () => {
    expect(await dialled('localhost', { dns: ['localhost'] })).toBe('localhost');
    // Google's own names end with a dot, in certificates as well.
    expect(await dialled('localhost.', { dns: ['localhost.'] })).toBe('localhost');
    await expect(dialled('localhost', { ip: ['127.0.0.1'] })).rejects.toMatchObject({
      code: 'CLOUDSQL_SERVER_IDENTITY',
    });
  });

  it('is asked for nothing where it is an IP address, and has to have that address', async () => {
    expect(await dialled('127.0.0.1', { ip: ['127.0.0.1'] })).toBe(false);
    await expect(dialled('127.0.0.1', { dns: ['127.0.0.1'] })).rejects.toMatchObject({
      code: 'CLOUDSQL_SERVER_IDENTITY',
    });
  });
});
