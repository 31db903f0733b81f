import { setTimeout as delay } from 'node:timers/promises';
import { Connector } from '@x/cloudsql-core';
import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { instance, setEnv, startCloud } from './cloud.ts';

let cloud: Emulator;

beforeAll(async () => {
  cloud = await startCloud();
  setEnv(cloud.env);
});

afterEach(() => cloud.faults.clear());

afterAll(() => cloud.close());

/** Where a dial can be stuck. */
const places = {
  'in the refresh': () => cloud.faults.api('*', { answer: 'NEVER' }),
  'before the handshake': () => cloud.faults.connections(instance, 'SILENT_BEFORE_HANDSHAKE'),
} as const;

describe.each(Object.entries(places))('a dial that is stuck %s', (_, getStuck) => {
  /** Starts a dial, waits until it is stuck, and ends it; says how it failed. */
  async function ended(end: (connector: Connector, controller: AbortController) => unknown, timeoutMs = 20_000) {
    await getStuck();
    const connector = new Connector();
    const controller = new AbortController();
    const { signal } = controller;
    const failed = connector.connect({ instance, signal, timeoutMs }).catch((error: unknown) => error);
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

it('an address that the instance has not is said at the warm-up', async () => {
  cloud.faults.metadata(instance, { withoutAddresses: ['PRIMARY'] });
  await using connector = new Connector();
  await expect(connector.warmup({ instance })).rejects.toMatchObject({ code: 'CLOUDSQL_NO_ADDRESS' });
  cloud.faults.metadata(instance, undefined);
  await expect.poll(() => connector.warmup({ instance }).then(() => 'ready', String)).toBe('ready');
});
