import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readState } from '../src/data-folder/stored-state.ts';
import { readStartup } from '../src/data-plane/startup-message.ts';
import type { Emulator } from '../src/index.ts';
import { EmulatorError } from '../src/index.ts';
import { attributeOf, parseClientHello } from '../src/mysql/client-hello.ts';
import { resolveOptions } from '../src/resolve-options.ts';
import { decodeExchangeRequest } from '../src/wire/exchange-messages.ts';
import { MessageReader } from '../src/wire/message-reader.ts';
import type { Access } from './client.ts';
import { client, dial, dialReady, getAccess, getToken, query } from './client.ts';
import { Fuzz } from './fuzz.ts';
import { APP, APP_USER, ORDERS, startTestEmulator } from './setup.ts';
import { encodeStartup, exchange, plain } from './wire.ts';

// 10,000 random inputs in all. Whatever comes, the emulator says what is wrong or hangs up, and serves the next client.

const fuzz = new Fuzz();
const seed = `FUZZ_SEED=${fuzz.seed}`;
const config = { user: APP_USER, database: 'orders' };

/** Runs something so many times; what it throws names the input. */
function times(count: number, act: (index: number) => unknown): void {
  for (let index = 0; index < count; index++) {
    try {
      act(index);
    } catch (cause) {
      throw new Error(`${seed}, input ${index}`, { cause });
    }
  }
}

/** The same with so many at once. */
async function timesAtOnce(count: number, width: number, act: () => Promise<unknown>): Promise<void> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await act();
  };
  await Promise.all(Array.from({ length: width }, worker)).catch((cause: unknown) => {
    throw new Error(seed, { cause });
  });
}

describe('what is only read', () => {
  const good = {
    principals: [
      { email: APP, roles: ['cloudsql.client'], tokenCreators: [] },
      { email: 'g@x.y', members: [APP] },
    ],
    instances: [
      {
        name: ORDERS,
        databases: ['orders'],
        users: [{ email: APP, databaseRoles: ['a'] }, { name: 'n', password: 'p' }, { group: 'g@x.y' }],
        addresses: { PRIMARY: '127.0.0.2', PRIVATE: null },
        serverCaMode: 'GOOGLE_MANAGED_CAS_CA',
      },
    ],
    certificateLifetimeMs: 5000,
    port: 0,
  };

  test('2,500 configurations are taken, or refused with a typed error', () => {
    times(2500, () => {
      try {
        resolveOptions(fuzz.mutate(good) as object);
      } catch (error) {
        if (!(error instanceof EmulatorError)) throw error;
        expect(error.code).toMatch(/INVALID_OPTION|UNSUPPORTED_ENGINE/);
      }
    });
    expect(() => resolveOptions(good as object)).not.toThrow();
  });

  test('1,000 files beside kept data are read, or refused with a typed error', () => {
    const text = JSON.stringify({ format: 1, platform: `${process.platform}-${process.arch}`, principals: [{}] });
    times(1000, () => {
      try {
        readState(fuzz.distort(Buffer.from(text)).toString(), 'file');
      } catch (error) {
        if (!(error instanceof EmulatorError)) throw error;
      }
    });
  });

  test('1,500 messages of the metadata exchange are decoded, or said to be wrong', () => {
    const message = Buffer.from('0a06746573742f311002 1a03616263'.replace(' ', ''), 'hex');
    times(1500, (index) => {
      const decoded = decodeExchangeRequest(index % 2 ? fuzz.distort(message) : fuzz.bytes(60));
      expect(typeof decoded === 'string' || typeof decoded.token === 'string').toBe(true);
    });
  });

  test('1,000 startup packets are read, or said to be wrong', async () => {
    const packet = encodeStartup(new Map(Object.entries(config)));
    for (let index = 0; index < 1000; index++) {
      const stream = new PassThrough();
      stream.end(index % 2 ? fuzz.distort(packet) : fuzz.bytes(60));
      const { kind } = await readStartup(stream, new AbortController().signal);
      expect(['STARTUP', 'CANCEL', 'INVALID'], seed).toContain(kind);
      stream.destroy();
    }
  });

  test('1,000 packets of MySQL clients are read or not', () => {
    const hello = Buffer.concat([
      Buffer.from('85a6ff19', 'hex'),
      Buffer.alloc(28),
      Buffer.from('root\0\x02ab', 'latin1'),
    ]);
    times(1000, (index) => {
      const parsed = parseClientHello(index % 2 ? fuzz.distort(hello) : fuzz.bytes(80));
      if (parsed) attributeOf(parsed, 'program_name');
    });
  });

  test('500 streams of messages are cut, however they are split', () => {
    times(500, () => {
      const reader = new MessageReader();
      for (let chunks = fuzz.below(6); chunks > 0; chunks--)
        for (const { body } of reader.push(fuzz.bytes(30))) body.toString();
    });
  });
});

describe('what runs', () => {
  let cloud: Emulator;
  let access: Access;
  beforeAll(async () => {
    cloud = await startTestEmulator();
    access = await getAccess(cloud, ORDERS, { email: APP });
  });
  afterAll(() => cloud.close());
  // Whatever was sent, the next client is served.
  afterEach(async () => {
    expect(await query(access, config, 'select 1'), seed).toEqual([1]);
  });

  test('1,500 requests are answered', async () => {
    const token = await getToken(cloud, APP);
    const instance = 'sql/v1beta4/projects/demo-shop/instances/orders';
    const bodies = [
      { public_key: 'x', access_token: 'y' },
      { name: 'x', password: 'y', type: 'BUILT_IN', databaseRoles: ['z'] },
      { kind: 'api', method: 'nothing', instance: ORDERS, fault: { status: 500 } },
      { scope: ['x'], delegates: [], lifetime: '1s' },
    ];
    const paths = [
      'token',
      'tokeninfo',
      'emulator/faults',
      'emulator/settings',
      `${instance}:generateEphemeralCert`,
      `${instance}/users`,
      `v1/projects/-/serviceAccounts/${APP}:generateAccessToken`,
      'v1/projects/p/locations/r/clusters/c:generateClientCertificate',
      'computeMetadata/v1/instance/service-accounts/default/token?scopes=%',
    ];
    await timesAtOnce(1500, 16, async () => {
      const text = JSON.stringify(fuzz.mutate(fuzz.pick(bodies), 0.3)) ?? '';
      const path = fuzz.next() < 0.1 ? encodeURI(fuzz.text(30)) : fuzz.pick(paths);
      const response = await fetch(`${cloud.url}/${path}`, {
        method: fuzz.pick(['POST', 'POST', 'PUT', 'DELETE']),
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: fuzz.distort(Buffer.from(text)),
      });
      await response.arrayBuffer();
      if (response.status >= 500) throw new Error(`${response.status} for ${path} with ${text}`);
    });
    await cloud.faults.clear();
  });

  test('600 connections that begin with anything but a handshake are ended', async () => {
    const address = access.addresses.get('PRIMARY')!;
    const port = Number(cloud.host.split(':')[1]);
    // A record that announces a handshake, which then is none, or is cut off, or is far too long.
    const heads = [
      Buffer.from('160301', 'hex'),
      Buffer.from('16030100ff01', 'hex'),
      Buffer.from('1603ffffff', 'hex'),
      Buffer.alloc(0),
    ];
    await timesAtOnce(600, 20, async () => {
      const bytes = Buffer.concat([fuzz.pick(heads), fuzz.bytes(200)]);
      const socket = fuzz.next() < 0.8 ? await plain(address, 3307) : await plain('127.0.0.1', port);
      await exchange(socket, bytes, true);
    });
  });

  test('300 clients that say something odd after the handshake are ended, and 50 others notice nothing', async () => {
    const healthy = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const socket = await dialReady(access);
        const connection = client(socket, config);
        await Promise.all([connection.connect(), Promise.resolve().then(() => socket.emit('connect'))]);
        return connection;
      }),
    );
    const packet = encodeStartup(new Map(Object.entries(config)));
    const attacks = timesAtOnce(300, 10, async () => {
      const bytes = fuzz.next() < 0.5 ? fuzz.distort(packet) : fuzz.bytes(300);
      await exchange(dial(access), bytes, true);
    });
    let isOver = false;
    const ended = attacks.finally(() => {
      isOver = true;
    });
    let rounds = 0;
    while (!isOver || rounds === 0) {
      const answers = await Promise.all(healthy.map((each) => each.query('select 1 as one')));
      expect(answers.every(({ rows }) => rows[0].one === 1)).toBe(true);
      rounds += 1;
    }
    await ended;
    await Promise.all(healthy.map((each) => each.end()));
  });

  test('a storm of 100 CancelRequests cancels nothing, and the session goes on', async () => {
    const socket = await dialReady(access);
    const connection = client(socket, config);
    await Promise.all([connection.connect(), Promise.resolve().then(() => socket.emit('connect'))]);
    const slow = connection.query('select pg_sleep(0.5), 7 as seven');
    const request = (): Buffer => {
      const bytes = Buffer.alloc(16);
      for (const [index, value] of [16, 80_877_102, fuzz.below(2 ** 31), fuzz.below(2 ** 31)].entries()) {
        bytes.writeUInt32BE(value, index * 4);
      }
      return bytes;
    };
    await timesAtOnce(100, 25, async () => {
      expect(await exchange(dial(access), request())).toHaveLength(0);
    });
    expect((await slow).rows[0].seven).toBe(7);
    socket.on('error', () => undefined);
    await connection.end();
    if (!socket.closed) await once(socket, 'close');
  });
});
