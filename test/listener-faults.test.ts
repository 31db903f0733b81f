import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Connector } from '@x/cloudsql-core';
import type { Emulator } from '@x/cloudsql-emulator';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firstLine, kill, start } from './child.ts';
import { appUser, instance, setEnv, startCloud } from './cloud.ts';
import { connect, open, packet, query, RawClient, refusal, until } from './local-client.ts';

let cloud: Emulator;
const folder = mkdtempSync(path.join(tmpdir(), 'listener-'));

beforeAll(async () => {
  cloud = await startCloud();
  setEnv(cloud.env);
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await cloud.close();
});

describe('what goes wrong before the login', () => {
  it('reaches the client as an error of PostgreSQL, with the code and what to do', async () => {
    await using listener = await open({ instance: 'demo-shop:europe-west1:missing' });
    expect(await refusal(listener.url)).toMatchObject({
      severity: 'FATAL',
      code: '08006',
      message: expect.stringContaining('(instance "demo-shop:europe-west1:missing").'),
      detail: 'CLOUDSQL_INSTANCE_NOT_FOUND (RefreshError, a retry does not help)',
      hint: expect.stringContaining('gcloud sql instances list'),
    });
  });

  it('says 28000 where there are no credentials', async () => {
    await using connector = new Connector({ credentials: { keyFile: '/nonexistent.json' }, emulator: 'NEVER' });
    await using listener = await open({ instance: 'shop:europe-west1:orders', connector });
    expect(await refusal(listener.url)).toMatchObject({
      code: '28000',
      detail: expect.stringMatching(/^CLOUDSQL_NO_CREDENTIALS/),
    });
  });

  it('is a dial that takes too long, and the listener goes on', async () => {
    await using connector = new Connector({ dialTimeoutMs: 1 });
    await using listener = await open({ connector });
    expect(await refusal(listener.url)).toMatchObject({
      code: '08006',
      detail: expect.stringMatching(/^CLOUDSQL_DIAL_TIMEOUT/),
    });
    await using patient = await open();
    expect(await query(patient.url)).toMatchObject({ user: appUser });
  });

  it('is an instance that refuses, breaks off or does not answer', async () => {
    await using connector = new Connector({ dialTimeoutMs: 1000 });
    await using listener = await open({ connector });
    expect(await query(listener.url)).toMatchObject({ user: appUser });
    try {
      await cloud.faults.connections(instance, 'REFUSED');
      expect(await refusal(listener.url)).toMatchObject({
        code: '08006',
        detail: expect.stringMatching(/^CLOUDSQL_DIAL_FAILED \(DialError, a retry may help\)/),
        hint: expect.stringContaining('port 3307'),
      });
      await cloud.faults.connections(instance, 'SILENT_BEFORE_HANDSHAKE');
      expect(await refusal(listener.url)).toMatchObject({
        code: '08006',
        detail: expect.stringMatching(/^CLOUDSQL_DIAL_TIMEOUT/),
      });
      await cloud.faults.connections(instance, 'SILENT_AFTER_HANDSHAKE');
      expect(await refusal(listener.url)).toMatchObject({
        code: '08006',
        message: expect.stringContaining('Waited 1000 ms for the server to answer the login'),
        detail: expect.stringMatching(/^CLOUDSQL_DIAL_TIMEOUT/),
      });
      await cloud.faults.connections(instance, 'RESET_AFTER_HANDSHAKE');
      expect(await refusal(listener.url)).toMatchObject({
        code: '08006',
        detail: expect.stringMatching(/^CLOUDSQL_SERVER_CLOSED/),
      });
    } finally {
      await cloud.faults.clear();
    }
    await until(() => listener.sessions === 0);
  });

  it.each([
    ['another protocol', 'GET / HTTP/1.1\r\n\r\n', 'C08P01\0Minvalid length of startup packet'],
    ['an endless packet', packet(196_608, 'x'.repeat(10_000)), 'C08P01\0Minvalid length of startup packet'],
    ['a packet too short', Buffer.from('0000000500030000', 'hex'), 'C08P01\0Minvalid length of startup packet'],
    ['version 2', packet(131_072, 'user\0x\0\0'), 'C08P01\0Munsupported frontend protocol 2.0'],
    ['parameters without an end', packet(196_608, 'user\0x'), 'C08P01\0Minvalid startup packet layout'],
    ['encryption for ever', Buffer.concat(Array(4).fill(packet(80_877_103))), 'C08P01\0Mtoo many requests'],
  ])('refuses %s', async (_, bytes, answer) => {
    await using listener = await open();
    const client = await RawClient.to(listener.address);
    client.socket.write(bytes);
    expect(await client.rest()).toContain(answer);
    await until(() => listener.sessions === 0);
  });

  it.each([
    ['nothing', ''],
    ['half a packet', packet(196_608, 'user\0x\0\0').subarray(0, 10)],
  ])('waits no longer than it must for a client that sends %s', async (_, bytes) => {
    await using listener = await open({ startupTimeoutMs: 50 });
    const client = await RawClient.to(listener.address);
    client.socket.write(bytes);
    expect(await client.rest()).toContain('C28000\0MThe login took longer than 50 ms');
  });

  it('gives a dial up when its client leaves', async () => {
    await using connector = new Connector();
    await using listener = await open({ connector });
    cloud.resetStatistics();
    const client = await RawClient.to(listener.address);
    client.socket.end(packet(196_608, `user\0${appUser}\0\0`));
    await client.rest();
    await until(() => listener.sessions === 0);
    expect(await query(listener.url)).toMatchObject({ user: appUser });
    expect(cloud.statistics().connections.total).toBe(1);
  });
});

describe('what goes wrong later', () => {
  it('is a client that is killed: its session ends, others do not notice', async () => {
    await using listener = await open();
    const other = await connect(listener.url);
    const child = start('client.ts', [], { env: { ...process.env, URL: listener.url, QUERY: 'select pg_sleep(1)' } });
    await firstLine(child);
    expect(listener.sessions).toBe(2);
    await kill(child);
    expect((await other.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await until(() => listener.sessions === 1);
    await other.end();
    await until(() => cloud.statistics().connections.open === 0);
  });

  it('is a client that stops reading, and then breaks off', async () => {
    await using listener = await open();
    const client = await connect(listener.url);
    const { stream } = (client as unknown as { connection: { stream: import('node:net').Socket } }).connection;
    const before = process.memoryUsage().arrayBuffers;
    const huge = client
      .query("select repeat('x', 1000) from generate_series(1, 200000)")
      .catch((error: unknown) => error);
    await once(stream, 'data');
    stream.pause();
    await new Promise((resolve) => setTimeout(resolve, 500));
    // 200 MB were on their way.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(40_000_000);
    stream.destroy();
    expect(await huge).toBeInstanceOf(Error);
    await until(() => listener.sessions === 0);
  });

  it('is a session that the server ends', async () => {
    await using listener = await open();
    const [victim, killer] = [await connect(listener.url), await connect(listener.url)];
    const { processID } = victim as unknown as { processID: number };
    const ended = new Promise((resolve) => victim.once('end', () => resolve(undefined)));
    await killer.query('select pg_terminate_backend($1)', [processID]);
    await ended;
    await killer.end();
    await until(() => listener.sessions === 0);
  });

  it('is a server process that is killed in the middle of a query: clients see it at once and can come back', async () => {
    await using listener = await open();
    const client = await connect(listener.url);
    const { processID } = client as unknown as { processID: number };
    const answer = client.query('select pg_sleep(20)').catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 100));
    process.kill(processID, 'SIGKILL');
    expect(await answer).toBeInstanceOf(Error);
    await until(() => listener.sessions === 0);
    let back: object | undefined;
    for (const end = Date.now() + 15_000; !back && Date.now() < end; ) {
      back = await query(listener.url).catch(() => undefined);
    }
    expect(back).toMatchObject({ user: appUser });
  });

  it('is nothing when 20 MB go each way', async () => {
    await using listener = await open();
    const client = await connect(listener.url);
    const text = 'é'.repeat(10_000_000);
    const { rows } = await client.query('select $1::text as text', [text]);
    expect(rows[0].text === text).toBe(true);
    await client.end();
  });
});

describe('the socket of a listener that was killed', () => {
  it('is replaced, and one that is in use is not', async () => {
    const at = path.join(folder, 'stale');
    const options = { instance, database: 'orders', path: at };
    const child = start('listener.ts', [JSON.stringify(options)]);
    const { url, address } = JSON.parse(await firstLine(child));
    expect(await query(url)).toMatchObject({ user: appUser });
    await expect(open({ path: at })).rejects.toMatchObject({
      code: 'CLOUDSQL_LISTEN_FAILED',
      message: expect.stringContaining('somebody listens there'),
    });
    await kill(child);
    expect(existsSync(address)).toBe(true);
    const listener = await open({ path: at });
    expect(await query(listener.url)).toMatchObject({ user: appUser });
    await listener.close();
    expect(existsSync(address)).toBe(false);
  });

  it('is gone when the process exits by itself, which a listener does not keep it from', async () => {
    const child = start('listener.ts', [JSON.stringify({ instance, database: 'orders' }), 'once']);
    const exit = once(child, 'close');
    const { address } = JSON.parse(await firstLine(child));
    expect(await exit).toEqual([0, null]);
    expect(existsSync(path.dirname(address))).toBe(false);
  });
});

describe('closing', () => {
  it('lets sessions finish, and takes no new ones', async () => {
    const listener = await open();
    const client = await connect(listener.url);
    const answer = client.query("select pg_sleep(0.3), 'done' as state");
    const closed = listener.close({ drainMs: 20_000 });
    await expect(new pg.Client(listener.url).connect()).rejects.toMatchObject({ code: 'ENOENT' });
    expect((await answer).rows[0].state).toBe('done');
    await client.end();
    await closed;
    expect(listener.sessions).toBe(0);
  });

  it('ends what has not finished in time, or at once when it is asked again', async () => {
    const [slow, asked] = [await open(), await open()];
    const answers = await Promise.all(
      [slow, asked].map(async ({ url }) => {
        const client = await connect(url);
        return { error: client.query('select pg_sleep(600)').catch((error: Error) => error) };
      }),
    );
    // Longer than this test may take.
    const both = [slow.close({ drainMs: 300 }), asked.close({ drainMs: 600_000 })];
    await asked.close();
    await Promise.all(both);
    for (const { error } of answers) expect(await error).toBeInstanceOf(Error);
  });

  it('tells clients that are not logged in yet', async () => {
    const listener = await open();
    const client = await RawClient.to(listener.address);
    await until(() => listener.sessions === 1);
    await listener.close();
    expect(await client.rest()).toContain('C57P01\0MThe listener was closed');
  });

  it('is what leaving its block does, and a closed connector is told to clients', async () => {
    const connector = new Connector();
    await using listener = await open({ connector });
    await connector.close();
    expect(await refusal(listener.url)).toMatchObject({ detail: expect.stringMatching(/^CLOUDSQL_CONNECTOR_CLOSED/) });
  });
});

// The last test of this file: the certificates of those before it are worth nothing afterwards.
describe('a client certificate that is refused', () => {
  it('is told to the client', async () => {
    await using connector = new Connector();
    await using listener = await open({ connector });
    expect(await query(listener.url)).toMatchObject({ user: appUser });
    // A TLS 1.3 server says so after the handshake, by hanging up.
    await cloud.faults.rotateClientCa();
    expect(await refusal(listener.url)).toMatchObject({
      code: '08006',
      detail: expect.stringMatching(/^CLOUDSQL_SERVER_CLOSED/),
    });
  });
});
