import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ConnectionFault, Emulator, ExchangeFault } from '../src/index.ts';
import { adminUrl, client, closing, dial, dialReady, getAccess, getToken, query } from './client.ts';
import { expectSilence } from './half-open.ts';
import { APP, APP_USER, ORDERS, startTestEmulator } from './setup.ts';
import { encodeMessage, encodeStartup, exchange } from './wire.ts';

// Each fault beside its allowed twin: the same step without the fault, before or after.

let cloud: Emulator;
beforeAll(async () => {
  cloud = await startTestEmulator();
});
afterEach(() => cloud.faults.clear());
afterAll(() => cloud.close());

const config = { user: APP_USER, database: 'orders' };
const ENCRYPTION_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const app = () => getAccess(cloud, ORDERS, { email: APP });
const one = async () => query(await app(), config, 'select 1');

async function callApi(init: RequestInit = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${await getToken(cloud, APP)}` };
  return fetch(adminUrl(cloud, ORDERS, 'connectSettings'), { headers, ...init });
}

describe('an API method', () => {
  test('answers with a status until it is told to stop', async () => {
    cloud.faults.api('connectSettings', { status: 403 });
    const refused = await callApi();
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ error: { code: 403, status: 'PERMISSION_DENIED' } });
    expect((await callApi()).status).toBe(403);
    cloud.faults.api('connectSettings', undefined);
    expect((await callApi()).status).toBe(200);
  });

  test('answers with a sequence of statuses, one for each call', async () => {
    cloud.faults.api('connectSettings', { status: [503, 200, 500] });
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push((await callApi()).status);
    expect(statuses).toEqual([503, 200, 500, 200, 200]);
  });

  test('throttles with Retry-After', async () => {
    cloud.faults.api('*', { status: [429], retryAfterSeconds: 7 });
    const throttled = await fetch(`${cloud.url}/token`, { method: 'POST' });
    expect([throttled.status, throttled.headers.get('retry-after')]).toEqual([429, '7']);
    expect((await fetch(`${cloud.url}/token`, { method: 'POST' })).status).toBe(400);
  });

  test('is late', async () => {
    cloud.faults.api('connectSettings', { latencyMs: 200 });
    const before = Date.now();
    expect((await callApi()).status).toBe(200);
    expect(Date.now() - before).toBeGreaterThanOrEqual(190);
  });

  test('never answers', async () => {
    cloud.faults.api('connectSettings', { answer: 'NEVER' });
    await expect(callApi({ signal: AbortSignal.timeout(200) })).rejects.toThrow();
  });

  test('resets the connection', async () => {
    cloud.faults.api('connectSettings', { answer: 'RESET' });
    await expect(callApi()).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
  });

  test('fails for a share of the calls', async () => {
    cloud.faults.api('connectSettings', { status: 500, share: 0.5 });
    const statuses = new Set<number>();
    for (let i = 0; i < 60; i++) statuses.add((await callApi()).status);
    expect([...statuses].sort()).toEqual([200, 500]);
  });
});

describe('metadata', () => {
  const metadata = async () =>
    (await (await callApi()).json()) as { region: string; ipAddresses: []; serverCaCert: object };

  test('name another region, miss addresses, or hold no usable authority', async () => {
    const truth = await metadata();
    cloud.faults.metadata(ORDERS, { region: 'us-east1', withoutAddresses: ['PRIMARY'], serverCa: '' });
    const lie = await metadata();
    expect([truth.region, lie.region]).toEqual(['europe-west1', 'us-east1']);
    expect(lie.ipAddresses).toEqual(truth.ipAddresses.slice(1));
    expect(lie.serverCaCert).toEqual({ ...truth.serverCaCert, cert: '' });
    cloud.faults.metadata(ORDERS, undefined);
    expect(await metadata()).toEqual(truth);
  });
});

describe('the server', () => {
  /** What a client that checks everything finds wrong. */
  async function complaint(): Promise<string | undefined> {
    const { checkServerIdentity: _, ...options } = { checkServerIdentity: 0, rejectUnauthorized: true };
    const socket = dial(await app(), 'PRIMARY', options);
    const error = new Promise<string | undefined>((resolve) => {
      socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code));
      socket.once('secureConnect', () => resolve(undefined));
    });
    const code = await error;
    socket.destroy();
    return code;
  }

  test('shows an expired certificate', async () => {
    await cloud.faults.server(ORDERS, { expired: true });
    expect(await complaint()).toBe('CERT_HAS_EXPIRED');
    await cloud.faults.server(ORDERS, undefined);
    expect(await complaint()).toBeUndefined();
  });

  test('shows a certificate of somebody else', async () => {
    const name = async () => {
      const socket = await dialReady(await app());
      const { CN } = socket.getPeerCertificate().subject;
      socket.destroy();
      return CN;
    };
    await cloud.faults.server(ORDERS, { commonName: 'demo-shop:other' });
    expect(await name()).toBe('demo-shop:other');
    await cloud.faults.server(ORDERS, undefined);
    expect(await name()).toBe('demo-shop:orders');
  });

  test('speaks TLS 1.2 only', async () => {
    await cloud.faults.server(ORDERS, { tlsVersion: 'TLSv1.2' });
    expect(await complaint()).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
    const old = await dialReady(await app(), 'PRIMARY', { minVersion: 'TLSv1.2' });
    expect(old.getProtocol()).toBe('TLSv1.2');
    old.destroy();
    await cloud.faults.server(ORDERS, undefined);
    expect(await complaint()).toBeUndefined();
  });

  test('gets a certificate of a new authority, and the old one is trusted no more', async () => {
    const before = await app();
    await cloud.faults.rotateServerCa(ORDERS);
    await expect(query(before, config, 'select 1')).rejects.toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
    expect(await one()).toEqual([1]);
  });

  test('refuses certificates of an authority that was replaced', async () => {
    const before = await app();
    expect(await query(before, config, 'select 1')).toEqual([1]);
    await cloud.faults.rotateClientCa();
    await expect(query(before, config, 'select 1')).rejects.toThrow();
    expect(await one()).toEqual([1]);
  });
});

describe('a connection', () => {
  const set = (fault: ConnectionFault | undefined) => cloud.faults.connections(ORDERS, fault);
  const codeOf = async (socket: TLSSocket) => (await closing(socket))?.code;

  test('is refused, and later accepted again', async () => {
    await set('REFUSED');
    expect(await codeOf(dial(await app()))).toBe('ECONNREFUSED');
    await set(undefined);
    expect(await one()).toEqual([1]);
  });

  test('is reset when it is accepted', async () => {
    await set('RESET_AFTER_ACCEPT');
    expect(await codeOf(dial(await app()))).toBe('ECONNRESET');
    await set(undefined);
    expect(await one()).toEqual([1]);
  });

  test('is reset after the handshake', async () => {
    await set('RESET_AFTER_HANDSHAKE');
    const socket = dial(await app());
    let secured = false;
    socket.once('secureConnect', () => {
      secured = true;
    });
    expect([await codeOf(socket), secured]).toEqual(['ECONNRESET', true]);
    await set(undefined);
    expect(await one()).toEqual([1]);
  });

  test.each([
    ['SILENT_BEFORE_HANDSHAKE', 'connect'],
    ['SILENT_AFTER_HANDSHAKE', 'secureConnect'],
  ] as const)('gets no answer (%s)', async (fault, lastEvent) => {
    await set(fault);
    const socket = dial(await app());
    await once(socket, lastEvent);
    let heard = false;
    for (const event of ['data', 'close', ...(lastEvent === 'connect' ? ['secureConnect'] : [])]) {
      socket.once(event, () => {
        heard = true;
      });
    }
    if (lastEvent === 'secureConnect') socket.write(ENCRYPTION_REQUEST);
    await delay(200);
    expect(heard).toBe(false);
    socket.destroy();
    await set(undefined);
    expect(await one()).toEqual([1]);
  });

  test('that is open swallows everything', async () => {
    const socket = await dialReady(await app());
    const connection = client(socket, config).on('error', () => undefined);
    await Promise.all([connection.connect(), Promise.resolve().then(() => socket.emit('connect'))]);
    expect((await connection.query('select 1')).rowCount).toBe(1);
    await set('HALF_OPEN');
    await expectSilence(cloud, socket, connection.query('select 1'));
    await set(undefined);
    expect(await one()).toEqual([1]);
  });

  test('that is idle is reset by dropConnections', async () => {
    const sockets = await Promise.all([dialReady(await app()), dialReady(await app(), 'PRIVATE')]);
    await vi.waitFor(() => expect(cloud.statistics().connections.open).toBe(2));
    // Until a client has read all that came, Node may take the reset for an end.
    await Promise.all(
      sockets.map(async (socket) => {
        socket.write(ENCRYPTION_REQUEST);
        await once(socket, 'data');
      }),
    );
    const codes = Promise.all(sockets.map((socket) => codeOf(socket)));
    expect(cloud.dropConnections(ORDERS)).toBe(2);
    expect(await codes).toEqual(['ECONNRESET', 'ECONNRESET']);
    await vi.waitFor(() => expect(cloud.statistics().connections.open).toBe(0));
    expect(cloud.dropConnections()).toBe(0);
    expect(await one()).toEqual([1]);
  });
});

describe('a metadata exchange', () => {
  const frame = (message: number[], length = message.length): Buffer =>
    Buffer.from([...Buffer.from('CSQLMDEX'), 0, 0, length >> 8, length & 0xff, ...message]);
  const startup = encodeStartup(new Map(Object.entries(config)));
  const terminate = encodeMessage('X', Buffer.alloc(0));
  const answerTo = async (fault?: ExchangeFault): Promise<string> => {
    cloud.faults.exchange(ORDERS, fault);
    const bytes = await exchange(dial(await app()), Buffer.concat([frame([0x10, 1]), startup, terminate]));
    return bytes.toString('hex');
  };
  const right = frame([8, 1]).toString('hex');
  const loggedIn = '520000000800000000';

  test('is answered wrongly, and right again', async () => {
    expect(await answerTo('CUT_OFF')).toBe(right.slice(0, -2));
    expect(cloud.connections.at(-1)).toMatchObject({ state: 'refused', refusal: expect.stringMatching(/CUT_OFF$/) });
    expect(await answerTo('OVERSIZED')).toBe(frame([8, 1], 16_385).toString('hex'));
    expect((await answerTo()).startsWith(right + loggedIn)).toBe(true);
  });

  test('is optional, so that a login goes on without an answer, and after an error', async () => {
    expect((await answerTo('SILENT')).startsWith(loggedIn)).toBe(true);
    const told = Buffer.from('The emulator was told to answer like this.');
    const wrong = frame([8, 2, 0x12, told.length, ...told]).toString('hex');
    expect((await answerTo('ERROR')).startsWith(wrong + loggedIn)).toBe(true);
    expect(cloud.connections.at(-1)).toMatchObject({ clientProtocol: 'TCP', user: APP_USER });
  });
});

describe('what is said of an instance', () => {
  const described = async (): Promise<object> => {
    const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: cloud.defaultPrincipal });
    const token = await fetch(`${cloud.url}/token`, { method: 'POST', body: form });
    const { access_token } = (await token.json()) as { access_token: string };
    const [project, , id] = ORDERS.split(':');
    const url = `${cloud.url}/sql/v1beta4/projects/${project}/instances/${id}`;
    const answer = await fetch(url, { headers: { Authorization: `Bearer ${access_token}` } });
    return { date: answer.headers.get('date'), ...((await answer.json()) as object) };
  };

  test('can be wrong', async () => {
    const fault = {
      state: 'SUSPENDED',
      activationPolicy: 'NEVER',
      iamAuthentication: 'off',
      sslMode: 'ENCRYPTED_ONLY',
    } as const;
    cloud.faults.metadata(ORDERS, fault);
    expect(await described()).toMatchObject({
      state: 'SUSPENDED',
      settings: {
        activationPolicy: 'NEVER',
        databaseFlags: [{ name: 'cloudsql.iam_authentication', value: 'off' }],
        ipConfiguration: { sslMode: 'ENCRYPTED_ONLY' },
      },
    });
    cloud.faults.metadata(ORDERS, undefined);
    expect(await described()).toMatchObject({ state: 'RUNNABLE', settings: { activationPolicy: 'ALWAYS' } });
  });

  test('can be dated by a wrong clock', async () => {
    const ahead = async (): Promise<number> => Date.parse(((await described()) as { date: string }).date) - Date.now();
    cloud.faults.clock(3_600_000);
    expect(await ahead()).toBeGreaterThan(3_590_000);
    cloud.faults.clock(undefined);
    expect(Math.abs(await ahead())).toBeLessThan(10_000);
  });
});

describe('bad values are typed errors', () => {
  test.each([
    () => cloud.faults.api('conectSettings', { status: 500 }),
    () => cloud.faults.api('token', { latency: 1 } as never),
    () => cloud.faults.api('token', { latencyMs: -1 }),
    () => cloud.faults.api('token', { status: 302 }),
    () => cloud.faults.api('token', { status: [] }),
    () => cloud.faults.api('token', { retryAfterSeconds: 0.5 }),
    () => cloud.faults.api('token', { answer: 'never' } as never),
    () => cloud.faults.api('token', { share: 0 }),
    () => cloud.faults.metadata(ORDERS, { region: 1 } as never),
    () => cloud.faults.metadata(ORDERS, { withoutAddresses: ['PUBLIC'] } as never),
    () => cloud.faults.metadata(ORDERS, { iamAuthentication: 'maybe' } as never),
    () => cloud.faults.metadata(ORDERS, { state: 1 } as never),
    () => cloud.faults.clock(0.5),
    () => cloud.faults.connections(ORDERS, 'SLOW' as never),
    () => cloud.faults.exchange(ORDERS, 'LATE' as never),
    () => cloud.faults.server(ORDERS, { expired: 'yes' } as never),
    () => cloud.faults.server(ORDERS, { tlsVersion: 'TLSv1.1' } as never),
    () => cloud.faults.server(ORDERS, { commonName: '' }),
  ])('%s', async (set) => {
    await expect((async () => set())()).rejects.toMatchObject({ code: 'INVALID_OPTION', name: 'EmulatorError' });
  });

  test('an instance that does not exist', async () => {
    expect(() => cloud.faults.metadata('demo-shop:europe-west1:other', {})).toThrow('it has demo-shop');
    await expect(cloud.faults.connections('x', 'REFUSED')).rejects.toMatchObject({ code: 'UNKNOWN_INSTANCE' });
    expect(() => cloud.dropConnections('x')).toThrow('no instance');
  });
});
