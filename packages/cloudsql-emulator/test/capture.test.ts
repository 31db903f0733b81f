import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Emulator } from '../src/index.ts';
import { getToken } from './client.ts';
import { ADA, APP, startTestEmulator } from './setup.ts';
import { exchange } from './wire.ts';

let cloud: Emulator;
let port: number;
let ca: string;
beforeAll(async () => {
  cloud = await startTestEmulator();
  port = Number(cloud.host.split(':')[1]);
  ca = readFileSync(cloud.caFile, 'utf8');
});
afterAll(() => cloud.close());

async function tunnel(target: string): Promise<{ status: number; socket: Duplex }> {
  const connecting = request({ host: '127.0.0.1', port, method: 'CONNECT', path: target, agent: false }).end();
  const [response, socket] = await once(connecting, 'connect');
  return { status: response.statusCode, socket };
}

async function get(host: string, path: string, token = ''): Promise<{ status: number; body: string }> {
  const { socket } = await tunnel(`${host}:443`);
  const tls = connect({ socket, servername: host, ca });
  const headers = { authorization: `Bearer ${token}`, connection: 'close' };
  const [response] = await once(httpsRequest({ host, path, headers, createConnection: () => tls }).end(), 'response');
  let body = '';
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode, body };
}

const SETTINGS = '/sql/v1beta4/projects/demo-shop/instances/orders/connectSettings';

test('requests to googleapis.com are answered by the emulator', async () => {
  const token = await getToken(cloud, APP);
  expect((await get('sqladmin.googleapis.com', SETTINGS, token)).status).toBe(200);
  const info = await get('oauth2.googleapis.com', `/tokeninfo?access_token=${token}`);
  expect(JSON.parse(info.body)).toMatchObject({ email: APP });
});

test('each host has its own methods only, and no metadata server', async () => {
  const token = await getToken(cloud, APP);
  expect((await get('storage.googleapis.com', SETTINGS, token)).status).toBe(404);
  expect((await get('sqladmin.googleapis.com', `/tokeninfo?access_token=${token}`)).status).toBe(404);
  expect((await get('sqladmin.googleapis.com', '/computeMetadata/v1/project/project-id')).status).toBe(404);
});

test.each(['example.com:443', 'sqladmin.googleapis.com:80', 'googleapis.com.example.com:443', 'x', ''])(
  'every other target is refused: %s',
  async (target) => {
    const { status, socket } = await tunnel(target || '/');
    expect(status).toBe(403);
    socket.destroy();
  },
);

test('a client without a server name in its handshake is served', async () => {
  const { socket } = await tunnel('sqladmin.googleapis.com:443');
  const tls = connect({ socket, ca, checkServerIdentity: () => undefined });
  const received = await exchange(
    tls,
    Buffer.from(`GET ${SETTINGS} HTTP/1.1\r\nHost: sqladmin.googleapis.com\r\nConnection: close\r\n\r\n`),
  );
  expect(received.toString()).toMatch(/^HTTP\/1.1 401/);
});

test('noise instead of TLS, and leaving in the middle, do no harm', async () => {
  const noisy = await tunnel('sqladmin.googleapis.com:443');
  await exchange(noisy.socket, Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  const leaving = await tunnel('sqladmin.googleapis.com:443');
  leaving.socket.destroy();
  expect((await get('sqladmin.googleapis.com', SETTINGS)).status).toBe(401);
});

test('the variables capture a client', () => {
  const env = cloud.googleEnv(APP, { intercept: true });
  expect(env).toMatchObject({
    HTTPS_PROXY: cloud.url,
    NODE_EXTRA_CA_CERTS: cloud.caFile,
    SSL_CERT_FILE: cloud.caFile,
    REQUESTS_CA_BUNDLE: cloud.caFile,
    CURL_CA_BUNDLE: cloud.caFile,
    GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: cloud.caFile,
    GOOGLE_APPLICATION_CREDENTIALS: cloud.serviceAccountFile(APP, { endpoints: 'GOOGLE' }),
  });
  expect(cloud.googleEnv(ADA, { intercept: true }).GOOGLE_APPLICATION_CREDENTIALS).toBe(cloud.credentialsFile(ADA));
});
