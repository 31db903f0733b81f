import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Emulator } from '../src/index.ts';
import { startEmulator } from '../src/index.ts';
import { findMysql } from '../src/mysql/mysql-programs.ts';
import { encodePacket, PacketReader, parseErr } from '../src/mysql/packets.ts';
import type { Access } from './client.ts';
import { closing, dial, getAccess } from './client.ts';
import { expectSilence } from './half-open.ts';
import { logInToMysql, MYSQL_ORDERS, runOnMysql, withoutMysql } from './mysql-setup.ts';
import { APP, ORDERS } from './setup.ts';
import { exchange } from './wire.ts';

test('a machine without a MySQL server is told what to install', async () => {
  await expect(findMysql([])).rejects.toMatchObject({
    code: 'DATABASE_BINARIES_MISSING',
    message: expect.stringMatching(
      /^MySQL cannot be started: .* none is installed\. Install MariaDB .*mariadb-server-core/,
    ),
  });
});

test.each([
  [
    { name: `${ORDERS}`, databaseVersion: 'MYSQL_4_1' },
    'UNSUPPORTED_ENGINE',
    'the emulator runs POSTGRES_18, MYSQL_5_7',
  ],
  [
    { name: 'projects/p/locations/r/clusters/c/instances/i', databaseVersion: 'MYSQL_8_4' },
    'INVALID_OPTION',
    'must be PostgreSQL for an instance of AlloyDB',
  ],
  [
    { ...MYSQL_ORDERS, users: [{ email: `${'a'.repeat(33)}@b.c` }] },
    'INVALID_OPTION',
    'must give a database user name of at most 32 bytes',
  ],
  [
    { ...MYSQL_ORDERS, users: [{ email: 'ada@example.com' }, { email: 'ada@example.org' }] },
    'INVALID_OPTION',
    "names the same database user twice, got 'ada'",
  ],
  [{ ...MYSQL_ORDERS, users: [{ name: 'mysql.sys', password: 'x' }] }, 'INVALID_OPTION', 'reserved'],
])('%j is refused', async (instance, code, message) => {
  const failure = startEmulator({ instances: [instance as typeof MYSQL_ORDERS] });
  await expect(failure).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
});

describe.skipIf(withoutMysql)('an instance of MySQL', () => {
  let cloud: Emulator;
  let access: Access;

  beforeAll(async () => {
    cloud = await startEmulator({ instances: [MYSQL_ORDERS] });
    access = await getAccess(cloud, ORDERS, { email: APP, login: false });
  });
  afterAll(() => cloud?.close());

  const logIn = (): Promise<void> => runOnMysql(access, 'native', ['USE orders']);

  describe('in the first packet', () => {
    // Whatever was sent, the next client is served.
    afterEach(logIn);

    const hello = (flags: number, ...rest: Buffer[]): Buffer => {
      const head = Buffer.alloc(32);
      head.writeUInt32LE(flags, 0);
      return encodePacket({ sequence: 1, body: Buffer.concat([head, ...rest]) });
    };
    test.each([
      ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
      ['no bytes', Buffer.from([0, 0, 0, 1])],
      ['an oversized length', Buffer.from([0xff, 0xff, 0xff, 1])],
      ['an offer of TLS, which was not made', hello(0x0a00)],
      ['an old protocol', hello(0x8000, Buffer.from('native\0\0'))],
      ['a user without an end', hello(0x8200, Buffer.from('native'))],
      ['a proof that is longer than the packet', hello(0x8200, Buffer.from('native\0\xff', 'latin1'))],
      ['a proof of an absurd length', hello(0x20_8200, Buffer.from('native\0\xfe\xff\xff\xff\xff', 'latin1'))],
    ])('%s is answered with an error', async (_, bytes) => {
      const received = await exchange(dial(access), bytes);
      const [greeting, error] = [...new PacketReader().push(received)];
      expect(greeting).toMatchObject({ sequence: 0 });
      expect(error?.sequence).toBe(2);
      expect(parseErr(error!.body)).toEqual({ code: 1043, sqlState: '08S01', message: 'Bad handshake' });
      expect(cloud.connections.at(-1)).toMatchObject({ state: 'refused', refusal: 'Bad handshake' });
    });

    test('noise does not harm', async () => {
      for (let round = 0; round < 20; round++) await exchange(dial(access), randomBytes(1 + round * 10), true);
    });

    test('a client that leaves is forgotten', async () => {
      const socket = dial(access);
      socket.end();
      await closing(socket);
    });
  });

  test('is of no use to a certificate that has expired', async () => {
    await logIn();
    cloud.certificateLifetimeMs = 1;
    const expired = await getAccess(cloud, ORDERS, { email: APP, login: false });
    cloud.certificateLifetimeMs = 3_600_000;
    await closing(dial(expired));
    await vi.waitFor(() => expect(cloud.statistics().connections.tlsFailures).toMatchObject({ CERT_HAS_EXPIRED: 1 }));
    await logIn();
  });

  test('swallows everything on a connection that becomes half open', async () => {
    const socket = dial(access);
    const client = await logInToMysql(socket, 'native');
    await client.run(['DO 1']);
    await cloud.faults.connections(ORDERS, 'HALF_OPEN');
    await expectSilence(cloud, socket, client.run(['DO 1']));
    await cloud.faults.connections(ORDERS, undefined);
    await logIn();
  });

  test('TLS and compression are not offered to clients, who have the one already', async () => {
    const received = await exchange(dial(access), Buffer.from([0, 0, 0, 1]));
    const { body } = [...new PacketReader().push(received)][0]!;
    const capabilities = body.indexOf(0, 1) + 14;
    expect(body.readUInt16LE(capabilities) & 0x0820).toBe(0);
  });
});

test.skipIf(withoutMysql)('a data folder keeps the data, the users and who they are', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'kept-'));
  try {
    const first = await startEmulator({ instances: [MYSQL_ORDERS], dataDir });
    await runOnMysql(await getAccess(first, ORDERS, { email: APP }), 'app', ['CREATE TABLE orders.kept (id INT)']);
    await first.close();
    await using second = await startEmulator({ dataDir });
    await runOnMysql(await getAccess(second, ORDERS, { email: APP }), 'app', ['INSERT INTO orders.kept VALUES (1)']);
    const withoutIdentity = await getAccess(second, ORDERS, { email: APP, login: false });
    await runOnMysql(withoutIdentity, 'native', ['INSERT INTO orders.kept VALUES (2)']);
    await second.close();
    const other = startEmulator({ instances: [{ name: ORDERS }], dataDir });
    await expect(other).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: `${ORDERS}: has data of MYSQL_8_4, got 'POSTGRES_18'.`,
    });
  } finally {
    rmSync(dataDir, { recursive: true });
  }
});
