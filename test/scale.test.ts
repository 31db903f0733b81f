import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import v8 from 'node:v8';
import vm from 'node:vm';
import { Connector } from '@x/cloudsql-core';
import { pgOptions } from '@x/cloudsql-core/pg';
import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { app, instance, setEnv, startCloud } from './cloud.ts';

let cloud: Emulator;
/** An Admin API that has any number of instances: all are the one of the emulator. */
let many: http.Server;

beforeAll(async () => {
  cloud = await startCloud();
  many = http.createServer((request, response) => {
    const path = request.url?.replace(/projects\/[^/]+\/instances\/[a-z0-9-]+/, 'projects/demo-shop/instances/orders');
    const { method, headers } = request;
    const { host: _, ...rest } = headers;
    const onward = http.request(`${cloud.url}${path}`, { method, headers: rest, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  // None ends between two calls, however busy the machine is: each call is to be made once.
  many.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => many.listen(0, '127.0.0.1', resolve));
});

afterEach(() => vi.unstubAllEnvs());

afterAll(async () => {
  many.closeAllConnections();
  await new Promise((resolve) => many.close(resolve));
  await cloud.close();
});

v8.setFlagsFromString('--expose-gc');
const collect = vm.runInNewContext('gc') as () => void;

/** Bytes in use after what can be collected is. */
async function heap(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    collect();
    await delay(10);
  }
  return process.memoryUsage().heapUsed;
}

/** What keeps the process alive, by kind. */
const handles = (): string[] => process.getActiveResourcesInfo().sort();

it('builds a thousand configurations without a handle, and lets go of them', async () => {
  const build = (i: number): void => {
    new Connector({ dialTimeoutMs: 10_000 });
    pgOptions({ instance: `demo-shop:europe-west1:orders-${i}`, database: 'orders', max: 5 }).stream();
  };
  for (let i = 0; i < 100; i++) build(i);
  const [before, open] = [await heap(), handles()];
  for (let i = 0; i < 1000; i++) build(i);
  expect(handles()).toEqual(open);
  expect((globalThis as { [key: symbol]: unknown })[Symbol.for('@x/cloudsql-core/key-pair')]).toBeUndefined();
  const kept = (await heap()) - before;
  process.stdout.write(`scale: 1,000 configurations keep ${Math.round(kept / 1024)} kB\n`);
  expect(kept).toBeLessThan(2_000_000);
});

it('opens a thousand first connections at once with one metadata call and one certificate call', {
  timeout: 90_000,
}, async () => {
  setEnv(cloud.env);
  cloud.resetStatistics();
  const connector = new Connector({ dialTimeoutMs: 60_000 });
  const started = performance.now();
  const sockets = await Promise.all(Array.from({ length: 1000 }, () => connector.connect({ instance })));
  process.stdout.write(`scale: 1,000 first dials in ${Math.round(performance.now() - started)} ms\n`);
  const { calls } = cloud.statistics();
  for (const socket of sockets) socket.on('error', () => {}).destroy();
  await connector.close();
  expect(calls).toMatchObject({ connectSettings: 1, generateEphemeralCert: 1 });
  await expect.poll(() => cloud.statistics().connections.open, { timeout: 20_000 }).toBe(0);
});

it('keeps two hundred instances ready, which cost nothing while nobody dials', async () => {
  setEnv(cloud.googleEnv(app));
  cloud.resetStatistics();
  const { port } = many.address() as AddressInfo;
  const connector = new Connector({ endpoints: { sqlAdmin: `http://127.0.0.1:${port}` }, dialTimeoutMs: 60_000 });
  const name = (i: number): { instance: string } => ({ instance: `shop:europe-west1:orders-${i}` });
  await connector.warmup(name(0));
  const before = await heap();
  const { rss } = process.memoryUsage();
  // Not all at once, because a busy machine might not answer in time then, and be asked again.
  for (let i = 1; i < 200; i += 20) {
    const some = Array.from({ length: Math.min(20, 200 - i) }, (_, j) => connector.warmup(name(i + j)));
    await Promise.all(some);
  }
  const each = ((await heap()) - before) / 199;
  const eachInAll = (process.memoryUsage().rss - rss) / 199;
  const { calls } = cloud.statistics();
  expect(calls).toMatchObject({ connectSettings: 200, generateEphemeralCert: 200 });
  expect(connector.status()).toHaveLength(200);
  await delay(500);
  const start = process.cpuUsage();
  await delay(2000);
  const { user, system } = process.cpuUsage(start);
  const busyMs = (user + system) / 1000;
  process.stdout.write(
    `scale: 200 idle instances use ${busyMs.toFixed(1)} ms of the processor in 2 s, ${Math.round(each / 1024)} kB of heap and ${Math.round(eachInAll / 1024)} kB of memory each\n`,
  );
  // The test's own process is in this: its worker, the emulator and the API in front of it.
  expect(busyMs).toBeLessThan(200);
  expect(cloud.statistics().calls).toEqual(calls);
  await connector.close();
});
