import { once } from 'node:events';
import { Connector } from '@x/cloudsql-core';
import type { Emulator } from '@x/cloudsql-emulator';
import mysql from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appUser, instance, native, setEnv, startCloud } from './cloud.ts';
import { as, open, packet, query } from './local-client.ts';
import { mysqlUser, startMysqlCloud, withoutMysql } from './mysql-cloud.ts';

// Cloud SQL's metadata exchange: a listener tells the server how clients reach it, and nobody else does.

let cloud: Emulator;

beforeAll(async () => {
  cloud = await startCloud();
  setEnv(cloud.env);
});

afterAll(() => cloud.close());

describe('a listener tells the server', () => {
  it.each([
    ['UDS', {}],
    ['TCP', { port: 0 }],
  ])('%s', async (clientProtocol, place) => {
    await using listener = await open(place);
    expect(await query(listener.url)).toMatchObject({ user: appUser });
    expect(cloud.connections.at(-1)).toMatchObject({ clientProtocol, user: appUser });
  });

  it('before it answers for the client with a password', async () => {
    await using listener = await open({ user: native.name, password: native.password });
    expect(await query(listener.url)).toMatchObject({ user: native.name });
    expect(cloud.connections.at(-1)).toMatchObject({ clientProtocol: 'UDS' });
  });

  it('and passes on what the database says of a wrong login', async () => {
    await using listener = await open({ authType: 'PASSWORD' });
    await expect(query(as(listener.url, native.name, 'wrong'))).rejects.toMatchObject({ code: '28P01' });
  });
});

describe('the emulator', () => {
  const startup = packet(196_608, `user\0${appUser}\0database\0orders\0\0`);
  const request = Buffer.from('4353514c4d444558000000021002', 'hex');
  const answer = '4353514c4d444558000000020801';

  /** Sends pieces over a socket of the connector, and returns what has come when so many bytes are there. */
  async function ask(pieces: readonly Buffer[], length: number): Promise<Buffer> {
    await using connector = new Connector();
    const socket = await connector.connect({ instance });
    let received = Buffer.alloc(0);
    socket
      .on('error', () => {})
      .on('data', (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
      });
    for (const piece of pieces) {
      socket.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    while (received.length < length && !socket.destroyed)
      await Promise.race([once(socket, 'data'), once(socket, 'close')]);
    socket.destroy();
    return received;
  }

  const authenticated = '520000000800000000';

  it.each([
    ['in one piece with the startup packet', [Buffer.concat([request, startup])]],
    ['byte by byte', [...[...request].map((byte) => Buffer.from([byte])), startup]],
  ])('takes the exchange %s', async (_, pieces) => {
    const received = (await ask(pieces, 23)).toString('hex');
    expect([received.slice(0, 28), received.slice(28, 46)]).toEqual([answer, authenticated]);
    expect(cloud.connections.at(-1)).toMatchObject({ clientProtocol: 'TLS' });
  });

  it('does without it', async () => {
    expect((await ask([startup], 9)).subarray(0, 9).toString('hex')).toBe(authenticated);
    expect(cloud.connections.at(-1)).not.toHaveProperty('clientProtocol');
  });

  it.each([
    ['too long', Buffer.from('4353514c4d44455800004001', 'hex')],
    ['empty', Buffer.from('4353514c4d44455800000000', 'hex')],
    ['unreadable', Buffer.from('4353514c4d4445580000000110', 'hex')],
    ['of an unknown kind', Buffer.from('4353514c4d444558000000021009', 'hex')],
  ])('hangs up on one that is %s', async (_, bytes) => {
    expect(await ask([bytes, startup], 1)).toHaveLength(0);
    expect(cloud.connections.at(-1)).toMatchObject({
      state: 'refused',
      refusal: 'the metadata exchange of the client cannot be read',
    });
  });
});

describe.skipIf(withoutMysql)('with MySQL, where the server has the first word', () => {
  let server: Emulator;

  beforeAll(async () => {
    server = await startMysqlCloud();
    setEnv(server.env);
  });

  afterAll(() => server.close());

  it.each([
    ['UDS', {}],
    ['TCP', { port: 0 }],
  ])('a listener tells the server %s', async (clientProtocol, place) => {
    await using connector = new Connector();
    await using listener = await open({ engine: 'MYSQL', connector, ...place });
    const client = await mysql.createConnection(listener.url);
    await client.end();
    expect(server.connections.at(-1)).toMatchObject({ clientProtocol, user: mysqlUser });
  });

  it("the emulator takes it after its greeting, too, as Google's connector for Go sends it", async () => {
    await using connector = new Connector();
    const stream = await connector.connect({ instance, user: native.name, password: native.password });
    const write = stream.write.bind(stream) as (chunk: Buffer) => boolean;
    stream.write = ((chunk: Buffer) => {
      stream.write = write as typeof stream.write;
      return write(Buffer.concat([Buffer.from('4353514c4d444558000000021001', 'hex'), chunk]));
    }) as typeof stream.write;
    const login = { user: native.name, password: native.password, database: 'orders' };
    const client = await mysql.createConnection({ ...login, stream });
    expect(await client.query('select 1 as one')).toMatchObject([[{ one: 1 }], expect.anything()]);
    await client.end();
    expect(server.connections.at(-1)).toMatchObject({ clientProtocol: 'TCP', user: native.name });
  });
});
