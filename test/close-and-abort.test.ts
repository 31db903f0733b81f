import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { Connector, type ConnectorOptions } from '@x/cloudsql-core';
import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { firstLine, start } from './child.ts';
import { instance, setEnv, startCloud } from './cloud.ts';
import { type SocksOptions, SocksServer } from './socks-server.ts';

let cloud: Emulator;

beforeAll(async () => {
  cloud = await startCloud();
  setEnv(cloud.env);
  resolver.setServers([cloud.dns.server]);
});

const domain = 'orders.shop.example';
/** Gives up on silence soon, so that no query outlives its test. */
const resolver = new Resolver({ timeout: 500, tries: 1 });
const ends: (() => unknown)[] = [];

afterEach(async () => {
  await cloud.faults.clear();
  for (const end of ends.splice(0).reverse()) await end();
});

afterAll(() => cloud.close());

/** How a dial gets stuck. */
interface Stuck {
  readonly name?: string;
  readonly options?: ConnectorOptions;
}

/** Where a dial can be stuck. */
const places: Readonly<Record<string, () => Promise<Stuck> | Stuck>> = {
  'in the refresh': () => {
    cloud.faults.api('*', { answer: 'NEVER' });
    return {};
  },
  'before the handshake': async () => {
    await cloud.faults.connections(instance, 'SILENT_BEFORE_HANDSHAKE');
    return {};
  },
  'in DNS': () => {
    cloud.faults.dns('*', 'SILENT');
    return { name: domain, options: { resolver } };
  },
  'in a resolver of the caller': () => ({
    name: domain,
    options: { resolver: { resolveTxt: () => new Promise(() => {}) } },
  }),
  'asking whose a DNS name is': () => {
    cloud.faults.api('resolveConnectSettings', { answer: 'NEVER' });
    return { name: cloud.dns.namesOf(instance).PRIMARY! };
  },
  "in the caller's own dial": () => ({ options: { dial: () => new Promise<never>(() => {}) } }),
  'at a SOCKS proxy that says nothing': () => behind({ silent: 'GREETING' }),
  'at a SOCKS proxy that does not connect': () => behind({ silent: 'REQUEST' }),
  'on a stream that says nothing': () => ({
    options: { dial: () => new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() }) },
  }),
};

async function behind(options: SocksOptions): Promise<Stuck> {
  const proxy = await SocksServer.start(options);
  ends.push(() => proxy.close());
  setEnv({ ALL_PROXY: `socks5://${proxy.host}` });
  ends.push(() => setEnv({ ALL_PROXY: '' }));
  return {};
}

describe.each(Object.entries(places))('a dial that is stuck %s', (_, getStuck) => {
  /** Starts a dial, waits until it is stuck, and ends it; says how it failed. */
  async function ended(end: (connector: Connector, controller: AbortController) => unknown, timeoutMs = 20_000) {
    const { name = instance, options } = await getStuck();
    const connector = new Connector(options);
    const controller = new AbortController();
    const { signal } = controller;
    const failed = connector.connect({ instance: name, signal, timeoutMs }).catch((error: unknown) => error);
    await delay(300);
    await end(connector, controller);
    const error = await failed;
    await connector.close();
    await expect.poll(() => cloud.statistics().connections.open).toBe(0);
    return error;
  }

  it('ends when the connector is closed, and closing twice does no harm', async () => {
    const error = await ended(async (connector) => {
      await Promise.all([connector.close(), connector.close()]);
      await expect(connector.connect({ instance })).rejects.toMatchObject({ code: 'CLOUDSQL_CONNECTOR_CLOSED' });
    });
    expect(error).toMatchObject({ code: 'CLOUDSQL_CONNECTOR_CLOSED' });
  });

  it('ends when its caller gives it up', async () => {
    const error = await ended((_, controller) => controller.abort());
    expect(error).toMatchObject({ code: 'CLOUDSQL_DIAL_ABORTED' });
  });

  it('ends at its deadline', async () => {
    const error = await ended(() => {}, 500);
    expect(error).toMatchObject({ code: 'CLOUDSQL_DIAL_TIMEOUT', retryable: true });
  });
});

it('a warm-up ends at its deadline, too', async () => {
  cloud.faults.api('*', { answer: 'NEVER' });
  await using connector = new Connector();
  await expect(connector.warmup({ instance, timeoutMs: 200 })).rejects.toMatchObject({
    code: 'CLOUDSQL_REFRESH_TIMEOUT',
  });
});

it('a refresh in the background keeps no process alive, although the API does not answer', async () => {
  cloud.certificateLifetimeMs = 3000;
  ends.push(() => {
    cloud.certificateLifetimeMs = 3_600_000;
  });
  const child = start('background-refresh.ts', [instance, '3000'], { timeout: 25_000 });
  expect(await firstLine(child)).toBe('warm');
  cloud.faults.api('*', { answer: 'NEVER' });
  expect((await once(child, 'exit'))[0]).toBe(0);
});

it('an address that the instance has not is said at the warm-up', async () => {
  cloud.faults.metadata(instance, { withoutAddresses: ['PRIMARY'] });
  await using connector = new Connector();
  await expect(connector.warmup({ instance })).rejects.toMatchObject({ code: 'CLOUDSQL_NO_ADDRESS' });
  cloud.faults.metadata(instance, undefined);
  await expect.poll(() => connector.warmup({ instance }).then(() => 'ready', String)).toBe('ready');
});
