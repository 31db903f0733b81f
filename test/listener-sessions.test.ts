import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SessionEvent } from '@x/cloudsql-core';
import { SessionLimit } from '@x/cloudsql-core/listener';
import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { appUser, instance, setEnv, startCloud } from './cloud.ts';
import { as, connect, open, query, refusal, until } from './local-client.ts';

let cloud: Emulator;
const events: SessionEvent[] = [];
const collect = (event: unknown): void => void events.push(event as SessionEvent);
const folder = mkdtempSync(path.join(tmpdir(), 'sessions-'));

beforeAll(async () => {
  cloud = await startCloud();
  setEnv(cloud.env);
  subscribe('cloudsql:session', collect);
});

beforeEach(() => void events.splice(0));

afterAll(async () => {
  unsubscribe('cloudsql:session', collect);
  rmSync(folder, { recursive: true });
  await cloud.close();
});

describe('the sessions of a listener', () => {
  it('are published as they come, are joined, and go', async () => {
    await using listener = await open({ port: 0 });
    await query(listener.url, "select repeat('x', 10000)");
    await until(() => events.length === 3);
    const { address } = listener;
    expect(events.map(({ phase, listener, instance }) => [phase, listener, instance])).toEqual([
      ['ACCEPTED', address, instance],
      ['JOINED', address, instance],
      ['ENDED', address, instance],
    ]);
    expect(new Set(events.map(({ id }) => id)).size).toBe(1);
    expect(events[2]).toMatchObject({ client: expect.stringMatching(/^127\.0\.0\.1:\d+$/) });
    expect(events[2]?.error).toBeUndefined();
    expect(events[2]!.bytesToClient).toBeGreaterThan(10_000);
    expect(events[2]!.bytesFromClient).toBeGreaterThan(50);
  });

  it('say why a client was refused', async () => {
    await using listener = await open();
    await cloud.faults.connections(instance, 'REFUSED');
    try {
      await refusal(listener.url);
    } finally {
      await cloud.faults.clear();
    }
    await until(() => events.some(({ phase }) => phase === 'ENDED'));
    expect(events.map(({ phase }) => phase)).toEqual(['ACCEPTED', 'ENDED']);
    expect(events[1]).toMatchObject({ client: undefined, error: { code: 'CLOUDSQL_DIAL_FAILED' } });
  });

  it('are limited, for several listeners together, and the next one is told so', async () => {
    const both = new SessionLimit(2);
    await using first = await open({ limits: [both, new SessionLimit(1)] });
    await using second = await open({ limits: [both] });
    const clients = [await connect(first.url), await connect(second.url)];
    for (const [{ url }, max] of [
      [first, 2],
      [second, 2],
    ] as const) {
      expect(await refusal(url)).toMatchObject({
        severity: 'FATAL',
        code: '53300',
        message: `All ${max} connections are in use (instance "${instance}").`,
        hint: 'Close connections, or raise the limit of the listener.',
      });
    }
    expect(both.open).toBe(2);
    await clients[1]!.end();
    await until(() => both.open === 1);
    expect(await refusal(first.url)).toMatchObject({ message: expect.stringContaining('All 1 connections') });
    // What the refused client had taken of the limit of both is free again.
    await until(() => both.open === 1);
    expect(await query(second.url)).toMatchObject({ user: appUser });
    await clients[0]!.end();
    await until(() => both.open === 0);
  });
});

describe('a listener', () => {
  it('demands the secret that it is given', async () => {
    await using listener = await open({ port: 0, secret: 'correct horse' });
    expect(listener.url).toContain(':correct%20horse@');
    expect(await query(listener.url)).toMatchObject({ user: appUser });
    expect(await refusal(as(listener.url, appUser, 'wrong'))).toMatchObject({ code: '28P01' });
  });

  it('opens its socket to others if it is told to, in a folder that is theirs as well', async () => {
    const parent = path.join(folder, 'shared');
    await using listener = await open({ path: parent, mode: 0o666 });
    expect((statSync(listener.address).mode & 0o777).toString(8)).toBe('666');
    expect((statSync(parent).mode & 0o777).toString(8)).toBe('755');
    expect(await query(listener.url)).toMatchObject({ user: appUser });
  });

  it.each([[-1], [0o1000], [1.5]])('takes no mode %s', async (mode) => {
    await expect(open({ mode })).rejects.toMatchObject({ code: 'CLOUDSQL_INVALID_OPTION' });
  });
});
