import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { inspect } from 'node:util';
import { afterEach, expect, it, vi } from 'vitest';
import { HttpClient } from '../src/http-client.ts';
import { Authority } from './authority.ts';

const signal = new AbortController().signal;
const ends: (() => unknown)[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  for (const end of ends.splice(0).reverse()) await end();
});

/** Listens on a port of its own until the test is over, and says on which. */
async function listen(server: net.Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(async () => {
    if (server instanceof http.Server || server instanceof https.Server) server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}

function client(): HttpClient {
  const made = new HttpClient();
  ends.push(() => made.close());
  return made;
}

it('uses a connection again, but not after the machine was asleep', async () => {
  let connections = 0;
  const server = http.createServer((_, response) => response.end('{}')).on('connection', () => connections++);
  const url = `http://127.0.0.1:${await listen(server)}/`;
  const api = client();
  const ask = () => api.send({ method: 'GET', url, headers: {}, signal });
  await ask();
  await ask();
  expect(connections).toBe(1);
  const woken = Date.now() + 3_600_000;
  vi.spyOn(Date, 'now').mockImplementation(() => woken);
  await ask();
  await ask();
  expect(connections).toBe(2);
});

it('takes up no earlier TLS session, though the server offers to', async () => {
  const authority = await Authority.create('test');
  const trusted = tls.getCACertificates('default');
  tls.setDefaultCACertificates([authority.pem]);
  ends.push(() => tls.setDefaultCACertificates(trusted));
  const reused: boolean[] = [];
  const certificate = await authority.issue('', { names: { dns: ['localhost'] } });
  const server = https.createServer(certificate, (request, response) => {
    reused.push((request.socket as tls.TLSSocket).isSessionReused());
    response.setHeader('Connection', 'close').end('{}');
  });
  const url = `https://localhost:${await listen(server)}/`;
  const api = client();
  for (let i = 0; i < 5; i++) await api.send({ method: 'GET', url, headers: {}, signal });
  expect(reused).toEqual(Array(5).fill(false));
  // The offer is real.
  const agent = new https.Agent();
  for (let i = 0; i < 5; i++) {
    const [answer] = await once(https.get(url, { agent }), 'response');
    answer.resume();
    await once(answer, 'close');
  }
  expect(reused).toContain(true);
});

it('leaves a proxy that says nothing when nobody wants the answer any more', async () => {
  const sockets: net.Socket[] = [];
  const proxy = net.createServer((socket) => sockets.push(socket.resume()));
  vi.stubEnv('HTTPS_PROXY', `http://127.0.0.1:${await listen(proxy)}`);
  vi.stubEnv('NO_PROXY', '');
  const controller = new AbortController();
  const failed = client().send({
    method: 'GET',
    url: 'https://api.example/',
    headers: {},
    signal: controller.signal,
  });
  await vi.waitFor(() => expect(sockets).toHaveLength(1));
  const reason = new Error('enough');
  controller.abort(reason);
  await expect(failed).rejects.toBe(reason);
  await once(sockets[0]!, 'close');
});

it('shows nothing of a proxy whose address cannot be read', async () => {
  vi.stubEnv('HTTPS_PROXY', 'http://me:secret@proxy:port');
  vi.stubEnv('NO_PROXY', '');
  const failed = (async () => client().send({ method: 'GET', url: 'https://api.example/', headers: {}, signal }))();
  const error: unknown = await failed.catch((caught: unknown) => caught);
  expect(error).toMatchObject({ message: 'HTTPS_PROXY is not a URL' });
  expect(inspect(error)).not.toContain('secret');
});

it('says that an answer was late also where it had begun', async () => {
  const url = `http://127.0.0.1:${await listen(http.createServer((_, response) => response.write('{')))}/`;
  const controller = new AbortController();
  const failed = client().send({ method: 'GET', url, headers: {}, signal: controller.signal });
  const reason = new Error('late');
  setTimeout(() => controller.abort(reason), 200);
  await expect(failed).rejects.toBe(reason);
});
