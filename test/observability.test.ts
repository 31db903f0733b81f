import { type ChannelListener, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Connector, type DialEvent, poolErrorListener, type RefreshEvent } from '@x/cloudsql-core';
import { pgOptions } from '@x/cloudsql-core/pg';
import type { Emulator } from '@x/cloudsql-emulator';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { appUser, instance, setEnv, startCloud } from './cloud.ts';
import { Project, section } from './documented.ts';

let cloud: Emulator;

beforeAll(async () => {
  cloud = await startCloud();
  setEnv(cloud.env);
});

afterEach(() => cloud.faults.clear());

afterAll(async () => {
  vi.unstubAllEnvs();
  await cloud.close();
});

/** Collects the messages of a channel while something runs. */
async function heard<Event>(name: string, during: () => Promise<unknown>): Promise<Event[]> {
  const events: Event[] = [];
  const hear: ChannelListener = (event) => events.push(event as Event);
  subscribe(`cloudsql:${name}`, hear);
  try {
    await during();
  } finally {
    unsubscribe(`cloudsql:${name}`, hear);
  }
  return events;
}

describe('the channels tell', () => {
  it('of a dial: where it went, how long it took, and the live socket', async () => {
    await using connector = new Connector();
    const [event] = await heard<DialEvent>('dial', async () => {
      await connector.connect({ instance, ipType: 'PRIVATE' });
    });
    expect(event).toMatchObject({ instance, ipType: 'PRIVATE', address: expect.stringMatching(/^127\./), port: 3307 });
    expect(event!.durationMs).toBeGreaterThan(0);
    expect(event!.socket!.getProtocol()).toBe('TLSv1.3');
    expect(event).not.toHaveProperty('error');
    event!.socket!.destroy();
  });

  it('of a dial that failed: how far it had come, and why', async () => {
    await using connector = new Connector();
    await cloud.faults.connections(instance, 'REFUSED');
    const [event] = await heard<DialEvent>('dial', () => connector.connect({ instance }).catch(() => {}));
    expect(event).toMatchObject({ instance, ipType: 'PUBLIC', error: { code: 'CLOUDSQL_DIAL_FAILED' } });
    expect(event!.address).toMatch(/^127\./);
    expect(event).not.toHaveProperty('socket');
  });

  it('of refreshes, good and bad', async () => {
    await using connector = new Connector();
    const [good] = await heard<RefreshEvent>('refresh', () => connector.warmup({ instance }));
    expect(good).toMatchObject({ instance, durationMs: expect.any(Number), expiresAt: expect.any(Date) });
    await using other = new Connector();
    cloud.faults.api('connectSettings', { status: 403 });
    const [bad] = await heard<RefreshEvent>('refresh', () => other.warmup({ instance }).catch(() => {}));
    expect(bad).toMatchObject({ instance, error: { code: 'CLOUDSQL_PERMISSION_DENIED' } });
  });

  it('of the credentials and of the end', async () => {
    const connector = new Connector();
    const [credentials] = await heard('credentials', () => connector.warmup({ instance }));
    expect(credentials).toMatchObject({ kind: 'emulator', loginTokenNarrowed: 'YES' });
    const [close] = await heard('close', () => connector.close());
    expect(close).toEqual({ instances: [instance] });
  });

  it('of an idle connection that a pool has lost, as does the logger', async () => {
    const warn = vi.fn();
    await using connector = new Connector({ logger: { warn } });
    const pool = new pg.Pool(pgOptions({ instance, database: 'orders', connector }));
    pool.on('error', poolErrorListener(connector));
    await pool.query('select 1');
    const events = await heard<{ error: Error }>('pool-error', async () => {
      cloud.dropConnections();
      await vi.waitFor(() => expect(warn).toHaveBeenCalled());
    });
    expect(events).toHaveLength(1);
    expect(warn).toHaveBeenCalledWith(`An idle database connection was lost: ${events[0]!.error.message}`);
    await pool.end();
  });
});

it('a background refresh that fails is said to the logger, and to nobody else', async () => {
  const warn = vi.fn();
  cloud.certificateLifetimeMs = 4000;
  await using connector = new Connector({ logger: { warn } });
  await connector.warmup({ instance });
  cloud.certificateLifetimeMs = 3_600_000;
  cloud.faults.api('*', { status: 403 });
  await vi.waitFor(() => expect(warn).toHaveBeenCalled(), { timeout: 10_000 });
  expect(warn).toHaveBeenCalledWith(expect.stringMatching(/^The certificate in hand stays in use: .* answered 403/));
});

it('the status says what is known of each instance, and starts nothing', async () => {
  await using connector = new Connector();
  expect(connector.status()).toEqual([]);
  await connector.warmup({ instance });
  cloud.resetStatistics();
  const [status] = connector.status();
  expect(cloud.statistics().calls).toEqual({});
  expect(status).toMatchObject({ instance, iam: true, error: undefined });
  expect(status!.expiresAt!.getTime()).toBeGreaterThan(Date.now());
  cloud.faults.api('connectSettings', { status: 404 });
  await using other = new Connector();
  await other.warmup({ instance }).catch(() => {});
  expect(other.status()).toMatchObject([{ expiresAt: undefined, error: { code: 'CLOUDSQL_INSTANCE_NOT_FOUND' } }]);
});

describe('application_name', () => {
  const nameOf = async (options: object): Promise<unknown> => {
    const client = new pg.Client(pgOptions({ instance, database: 'orders', ...options }));
    await client.connect();
    const { rows } = await client.query("select current_setting('application_name') as name");
    await client.end();
    return rows[0].name;
  };

  it('is ours where nobody set one', async () => {
    expect(await nameOf({})).toBe('cloudsql-orm');
  });

  it("is the user's where there is one, as an option or as a variable", async () => {
    expect(await nameOf({ application_name: 'billing' })).toBe('billing');
    vi.stubEnv('PGAPPNAME', 'worker');
    expect(await nameOf({})).toBe('worker');
  });
});

it('the module for OpenTelemetry in docs/observability.md records under its names', async () => {
  const { files } = section('OpenTelemetry', 'docs/observability.md');
  const project = new Project(files, path.join(import.meta.dirname, 'node_modules'));
  writeFileSync(
    path.join(project.folder, 'main.js'),
    `import { metrics } from '@opentelemetry/api';
     import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
     const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
     const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] });
     metrics.setGlobalMeterProvider(provider);
     await import('./telemetry.js');
     const { Connector } = await import('@x/cloudsql-core');
     const connector = new Connector();
     (await connector.connect({ instance: ${JSON.stringify(instance)} })).destroy();
     await connector.connect({ instance: 'demo-shop:europe-west1:nowhere' }).catch(() => {});
     await provider.forceFlush();
     for (const { descriptor, dataPoints } of exporter.getMetrics()[0].scopeMetrics[0].metrics)
       for (const { attributes, value } of dataPoints) console.log(JSON.stringify([descriptor.name, value.count, attributes]));
     await provider.shutdown();`,
  );
  try {
    const { code, output } = await project.run('npx node --disable-warning=CLOUDSQL_EMULATOR main.js', cloud.env);
    const name = 'db.client.connection.create_time';
    const pool = 'db.client.connection.pool.name';
    const failed = { 'error.type': 'CLOUDSQL_INSTANCE_NOT_FOUND' };
    const nowhere = 'demo-shop:europe-west1:nowhere';
    const lines = output.split('\n').filter(Boolean);
    expect([code, lines.map((line) => JSON.parse(line) as unknown)]).toEqual([
      0,
      [
        [name, 1, { [pool]: instance, 'server.address': expect.stringMatching(/^127\./), 'server.port': 3307 }],
        [name, 1, { [pool]: nowhere, ...failed }],
        ['cloudsql.refresh.duration', 1, { 'cloudsql.instance': instance }],
        ['cloudsql.refresh.duration', 1, { 'cloudsql.instance': nowhere, ...failed }],
      ],
    ]);
  } finally {
    project.remove();
  }
});

it('nothing that is told holds a secret', async () => {
  const names = ['dial', 'refresh', 'credentials', 'close'];
  let text = '';
  const hear: ChannelListener = (event) => {
    const { socket: _, ...rest } = event as DialEvent;
    text += JSON.stringify(rest);
  };
  for (const name of names) subscribe(`cloudsql:${name}`, hear);
  const connector = new Connector();
  const client = new pg.Client(pgOptions({ instance, database: 'orders', authType: 'IAM_MANUAL', connector }));
  await client.connect();
  expect((await client.query('select current_user as name')).rows[0].name).toBe(appUser);
  const { token } = await connector.loginToken();
  await client.end();
  await connector.close();
  for (const name of names) unsubscribe(`cloudsql:${name}`, hear);
  expect(text).toContain(instance);
  expect(text).not.toContain(token);
});
