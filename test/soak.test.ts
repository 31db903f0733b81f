import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setTimeout as delay } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { CloudSqlError, Connector, type RefreshEvent } from '@x/cloudsql-core';
import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { instance, setEnv, startCloud } from './cloud.ts';

// Dials without a pause while certificates live for five seconds, 30 % of the API calls fail, the API goes away
// altogether from time to time, and the network resets connections. `SOAK_SECONDS=60` is the full length.

const seconds = Number(process.env.SOAK_SECONDS ?? 15);
const dialTimeoutMs = 12_000;
/** Asks whether TLS is on offer; a server that has accepted the client's certificate answers with one byte. */
const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

let cloud: Emulator;

beforeAll(async () => {
  cloud = await startCloud({ certificateLifetimeMs: 5000 });
  setEnv(cloud.env);
});

afterAll(() => cloud.close());

/** What is wrong in the world at the moment. */
const world = { outage: false, resets: 0 };

/** What became of the dials. */
const tally = { connected: 0, failed: 0, hitByReset: 0, inOutage: 0, healthy: 0, healthyFailed: 0, slowestMs: 0 };
/** How a connection fails that the network resets. */
const broken = ['CLOUDSQL_DIAL_FAILED', 'CLOUDSQL_TLS_FAILED', 'CLOUDSQL_SERVER_CLOSED'];
const failures = new Map<string, number>();

it(`holds for ${seconds} s`, { timeout: (seconds + 30) * 1000 }, async () => {
  const rejections: unknown[] = [];
  const warnings: Error[] = [];
  const onRejection = (reason: unknown): unknown => rejections.push(reason);
  const onWarning = (warning: Error): unknown => warnings.push(warning);
  process.on('unhandledRejection', onRejection).on('warning', onWarning);
  const refreshes = { done: 0, failed: 0 };
  const onRefresh = (event: unknown): unknown => refreshes[(event as RefreshEvent).error ? 'failed' : 'done']++;
  subscribe('cloudsql:refresh', onRefresh);
  const connectors = [new Connector({ dialTimeoutMs }), new Connector({ dialTimeoutMs })];
  // Tokens come first and live for an hour: this is about certificates.
  for (const connector of connectors) {
    for (const authType of ['IAM', 'IAM_MANUAL']) await connector.warmup({ instance, authType });
  }
  const stop = AbortSignal.timeout(seconds * 1000);
  try {
    await Promise.all([
      trouble(stop),
      resets(stop),
      ...Array.from({ length: 12 }, (_, i) => dials(connectors[i % 2]!, stop)),
    ]);
    await cloud.faults.clear();
  } finally {
    for (const connector of [...connectors, ...connectors]) await connector.close();
    await delay(100);
    unsubscribe('cloudsql:refresh', onRefresh);
    process.off('unhandledRejection', onRejection).off('warning', onWarning);
  }
  const faults = cloud.faults.injected + world.resets;
  const total = tally.connected + tally.failed;
  process.stdout.write(
    `soak: ${seconds} s, ${total} dials, ${refreshes.done} refreshes (${refreshes.failed} failed), ${faults} faults injected; ${JSON.stringify(tally)}; ` +
      `failures by code: ${JSON.stringify(Object.fromEntries(failures))}\n`,
  );

  expect(rejections).toEqual([]);
  expect(warnings.map(({ name }) => name)).not.toContain('MaxListenersExceededWarning');
  await expect.poll(() => cloud.statistics().connections.open).toBe(0);
  expect([...failures.keys()].filter((code) => !code.startsWith('CLOUDSQL_'))).toEqual([]);
  // Generous: the deadline is the library's, the rest is the machine's.
  expect(tally.slowestMs).toBeLessThan(dialTimeoutMs + 10_000);
  // A short run may share its machine with other tests, and has few dials to count.
  expect(tally.healthyFailed / tally.healthy).toBeLessThanOrEqual(seconds < 60 ? 0.1 : 0.01);
  expect(total).toBeGreaterThan(seconds * (seconds < 60 ? 15 : 50));
  expect(refreshes.done).toBeGreaterThanOrEqual(seconds / 3);
  expect(faults).toBeGreaterThan(seconds * 5);
});

/** Makes the API fail: a quarter of the time altogether, else now and then. */
async function trouble(stop: AbortSignal): Promise<void> {
  const now = [{ status: 503 }, { answer: 'RESET' }, { status: 429, retryAfterSeconds: 0 }] as const;
  const altogether = [{ answer: 'NEVER' }, { status: 500 }, { answer: 'RESET' }] as const;
  for (let round = 0; !stop.aborted; round++) {
    cloud.faults.api('*', { ...now[round % now.length]!, share: 0.3 });
    await delay(3000);
    world.outage = true;
    cloud.faults.api('*', altogether[round % altogether.length]!);
    await delay(1000);
    world.outage = false;
  }
}

/** Resets whatever is open, at random moments. */
async function resets(stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    await delay(50 + Math.random() * 300);
    world.resets += cloud.dropConnections();
  }
}

async function dials(connector: Connector, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    await oneDial(connector);
    await delay(Math.random() * 60);
  }
}

async function oneDial(connector: Connector): Promise<void> {
  const authType = Math.random() < 0.5 ? 'IAM' : 'IAM_MANUAL';
  const before = { outage: world.outage, resets: world.resets, at: performance.now() };
  const error = await connector.connect({ instance, authType }).then(use, (reason: unknown) => reason);
  tally.slowestMs = Math.max(tally.slowestMs, Math.round(performance.now() - before.at));
  const code = error instanceof CloudSqlError ? error.code : String(error);
  const hit = broken.includes(code) && world.resets !== before.resets;
  // A dial whose connection was reset on the way says nothing of the library but that it must fail in order.
  if (hit) tally.hitByReset++;
  else if (before.outage) tally.inOutage++;
  else tally.healthy++;
  if (error === undefined) {
    tally.connected++;
    return;
  }
  tally.failed++;
  if (!hit && !before.outage) tally.healthyFailed++;
  failures.set(code, (failures.get(code) ?? 0) + 1);
}

/** Shows that the server has taken the certificate, keeps some connections for a while, and closes them in order. */
async function use(socket: TLSSocket): Promise<unknown> {
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const answered = Promise.race([new Promise<Buffer>((resolve) => socket.once('data', resolve)), closed]);
  socket.write(sslRequest);
  const answer = await answered;
  if (Math.random() < 0.1) await Promise.race([delay(300), closed]);
  socket.destroy();
  await closed;
  return answer ? undefined : new CloudSqlError('CLOUDSQL_SERVER_CLOSED', 'The server hung up', { instance });
}
