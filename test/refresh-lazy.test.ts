import { setTimeout as delay } from 'node:timers/promises';
import { Connector } from '@x/cloudsql-core';
import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { instance, setEnv, startCloud } from './cloud.ts';

let cloud: Emulator;

beforeAll(async () => {
  cloud = await startCloud();
  setEnv(cloud.env);
  cloud.certificateLifetimeMs = 2000;
});

afterAll(() => cloud.close());

const fetched = (): number => cloud.statistics().calls.generateEphemeralCert ?? 0;

it.each(['LAZY', 'lazy'])(
  'with refresh: %j certificates are fetched by dials, and by nothing else',
  async (refresh) => {
    cloud.resetStatistics();
    await using connector = new Connector({ refresh });
    const dial = async (): Promise<void> => void (await connector.connect({ instance })).destroy();
    await Promise.all([dial(), dial(), dial()]);
    expect(fetched()).toBe(1);
    await delay(5000);
    expect([fetched(), connector.status()[0]!.expiresAt]).toEqual([1, undefined]);
    await dial();
    expect(fetched()).toBe(2);
  },
);

it('a certificate that is valid stays in use although the API does not answer', async () => {
  cloud.certificateLifetimeMs = 60_000;
  await using connector = new Connector({ refresh: 'LAZY' });
  await connector.warmup({ instance });
  cloud.faults.api('*', { status: 503 });
  (await connector.connect({ instance })).destroy();
  await cloud.faults.clear();
});
