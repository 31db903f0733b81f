import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../src/index.ts';
import { bytesField, decodeFields } from '../src/wire/protobuf.ts';
import { getToken } from './client.ts';
import { APP, NOBODY, startTestEmulator } from './setup.ts';

const PRIMARY = 'projects/demo-shop/locations/europe-west1/clusters/main/instances/primary';
const INFO = '/google.cloud.alloydb.v1.AlloyDBAdmin/GetConnectionInfo';

let cloud: Emulator;
let session: ClientHttp2Session;
beforeAll(async () => {
  cloud = await startTestEmulator({ instances: [{ name: PRIMARY }] });
});
afterAll(() => cloud.close());
beforeEach(() => {
  session = connect(cloud.httpsUrl, { ca: readFileSync(cloud.caFile) });
});
afterEach(() => session.close());

function frame(message: Buffer, length = message.length, compressed = 0): Buffer {
  const prefix = Buffer.from([compressed, 0, 0, 0, 0]);
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, message]);
}

function send(path: string, body: Buffer, token = ''): ClientHttp2Stream {
  const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc' };
  return session.request({ ...headers, authorization: `Bearer ${token}` }).end(body);
}

/** Calls a method and returns its status, wherever it stands, and the message. */
async function call(...request: Parameters<typeof send>): Promise<{ status: unknown; message: unknown; body: Buffer }> {
  const stream = send(...request);
  const told: Record<string, unknown> = {};
  stream.on('response', (headers) => Object.assign(told, headers));
  stream.on('trailers', (headers) => Object.assign(told, headers));
  const chunks: Buffer[] = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  await once(stream, 'close');
  return { status: told['grpc-status'], message: told['grpc-message'], body: Buffer.concat(chunks) };
}

const asked = frame(bytesField(1, PRIMARY));

test('a call is answered by a message, and counted as the same call by REST', async () => {
  cloud.resetStatistics();
  const { status, body } = await call(INFO, asked, await getToken(cloud, APP));
  expect(status).toBe('0');
  expect(body.readUInt32BE(1)).toBe(body.length - 5);
  const fields = decodeFields(body.subarray(5));
  if (typeof fields === 'string') throw new Error(fields);
  const { PRIVATE, PUBLIC } = cloud.instances[0]!.addresses;
  expect([fields.text(1), fields.text(2), fields.text(5)]).toEqual([`${PRIMARY}/connectionInfo`, PRIVATE, PUBLIC]);
  expect(cloud.statistics().calls).toEqual({ connectionInfo: 1, token: 1 });
});

test('what REST refuses is refused with the status of gRPC that says the same', async () => {
  expect((await call(INFO, asked)).status).toBe('16');
  const denied = await call(INFO, asked, await getToken(cloud, NOBODY));
  expect(denied).toMatchObject({ status: '7', message: expect.stringMatching(/^Caller does not have required perm/) });
  const token = await getToken(cloud, APP);
  expect((await call(INFO, frame(bytesField(1, `${PRIMARY}-é%`)), token)).message).toBe(
    `Resource '${PRIMARY}-%C3%A9%25' was not found`,
  );
  cloud.faults.api('connectionInfo', { status: [503, 429] });
  expect([(await call(INFO, asked, token)).status, (await call(INFO, asked, token)).status]).toEqual(['14', '8']);
  expect((await call(INFO, asked, token)).status).toBe('0');
});

test.each([
  ['a frame that is cut off', frame(Buffer.from('x'), 9)],
  ['a compressed message', frame(bytesField(1, PRIMARY), undefined, 1)],
  ['no frame', Buffer.alloc(0)],
  ['a message that is cut off', frame(Buffer.from([0x0a, 0x7f]))],
  ['noise', frame(Buffer.from('ff'.repeat(64), 'hex'))],
])('%s is no message', async (_, body) => {
  expect(await call(INFO, body)).toMatchObject({ status: '13', message: 'Failed to parse the request message.' });
});

test.each(['/google.cloud.alloydb.v1.AlloyDBAdmin/GetCluster', '/google.cloud.alloydb.v1.AlloyDBAdmin/toString', '/'])(
  'a method that there is not is not implemented: %s',
  async (path) => {
    expect(await call(path, asked)).toMatchObject({ status: '12' });
  },
);

test('an instance has no SQL_DATA, which a client hears before it has said all', async () => {
  const path = '/google.cloud.sql.v1beta4.SqlDataService/StreamSqlData';
  const stream = session.request({ ':method': 'POST', ':path': path }, { endStream: false });
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
  expect(headers['grpc-status']).toBe('9');
  stream.destroy();
});

test('a client that hangs up, and one that says no HTTP/2, do no harm to the next', async () => {
  const leaving = send(INFO, asked);
  leaving.on('error', () => undefined);
  leaving.destroy();
  session.destroy();
  const { hostname, port } = new URL(cloud.httpsUrl);
  const ca = readFileSync(cloud.caFile);
  const noisy = connectTls({ host: hostname, port: Number(port), ca, ALPNProtocols: ['h2'] });
  noisy.on('error', () => undefined);
  noisy.end('this is no HTTP/2, and what follows is none either\r\n\r\n').resume();
  await once(noisy, 'close');
  session = connect(cloud.httpsUrl, { ca });
  expect((await call(INFO, asked, await getToken(cloud, APP))).status).toBe('0');
});

test.each([
  ['RESET', 'the connection'],
  ['NEVER', 'the emulator'],
] as const)('a call whose answer is %s ends with %s', async (answer, who) => {
  await using other = await startEmulator({ instances: [{ name: PRIMARY }] });
  other.faults.api('connectionInfo', { answer });
  const client = connect(other.httpsUrl, { ca: readFileSync(other.caFile) });
  const ended = new Promise((resolve) => client.on('error', () => undefined).once('close', resolve));
  const stream = client.request({ ':method': 'POST', ':path': INFO }).on('error', () => undefined);
  stream.end(asked);
  if (who === 'the emulator') {
    await vi.waitFor(() => expect(other.statistics().calls.connectionInfo).toBe(1));
    await other.close();
  }
  await ended;
});

test('a client that could speak both versions of HTTP is answered in the first', async () => {
  const { hostname, port } = new URL(cloud.httpsUrl);
  const socket = connectTls({
    ...{ host: hostname, port: Number(port), ca: readFileSync(cloud.caFile) },
    ALPNProtocols: ['h2', 'http/1.1'],
  });
  await once(socket, 'secureConnect');
  expect(socket.alpnProtocol).toBe('http/1.1');
  socket.destroy();
});
