import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Emulator } from '@x/cloudsql-emulator';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { version } from '../../packages/cloudsql-cli/src/version.ts';
import { appUser, instance } from '../cloud.ts';
import { freePort } from '../free-port.ts';
import { query, refusal } from '../local-client.ts';
import { type CollectedMetric, OtlpCollector } from './otlp-collector.ts';
import { startProxyCloud } from './proxy-cloud.ts';
import { ProxyProcess } from './proxy-process.ts';
import { onPort, proxyUrl } from './proxy-urls.ts';

let cloud: Emulator;

beforeAll(async () => {
  cloud = await startProxyCloud();
});

afterEach(() => cloud.faults.clear());
afterAll(() => cloud.close());

const units = {
  'cloudsql.connections.open': '{connection}',
  'cloudsql.dial.duration': 's',
  'cloudsql.io': 'By',
  'cloudsql.refresh.duration': 's',
};

/** A proxy that sends what it records to `url`. */
async function exporting(url: string, env: Readonly<Record<string, string>> = {}): Promise<ProxyProcess> {
  return ProxyProcess.ready([await onPort()], { ...cloud.env, OTEL_EXPORTER_OTLP_ENDPOINT: url, ...env });
}

const unitsOf = (metrics: readonly CollectedMetric[]): object =>
  Object.fromEntries(metrics.map(({ name, unit }) => [name, unit]));

describe('a collector that the variables of OpenTelemetry name', () => {
  it('gets metrics and spans, at the latest at the end', async () => {
    await using collector = await OtlpCollector.open();
    // Nothing is due before the end: metrics are sent every minute.
    await using proxy = await exporting(collector.url, {
      OTEL_BSP_SCHEDULE_DELAY: '60000',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=shop',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    });
    expect(await query(proxyUrl(proxy))).toMatchObject({ user: appUser });
    await cloud.faults.connections(instance, 'REFUSED');
    await refusal(proxyUrl(proxy));
    expect(collector.requests).toEqual([]);
    expect(await proxy.end()).toMatchObject({ code: 143 });
    expect(new Set(collector.requests.map((each) => each.path))).toEqual(new Set(['/v1/metrics', '/v1/traces']));
    expect(collector.requests).toHaveLength(2);
    for (const { headers } of collector.requests) expect(headers['x-tenant']).toBe('shop');
    for (const resource of collector.resources) {
      expect(resource).toEqual({
        'deployment.environment.name': 'test',
        'service.instance.id': expect.stringMatching(/^[0-9a-f-]{36}$/),
        'service.name': 'cloudsql-proxy',
        'service.version': version,
        'telemetry.sdk.language': 'nodejs',
        'telemetry.sdk.name': 'opentelemetry',
        'telemetry.sdk.version': expect.any(String),
      });
    }

    expect(unitsOf(collector.metrics)).toEqual(units);
    expect(new Set(collector.metrics.map(({ scope }) => scope))).toEqual(new Set(['@x/cloudsql-cli']));
    const own = { 'cloudsql.instance': instance };
    const server = { ...own, 'server.address': expect.stringMatching(/^127\./) };
    const dials = collector.metric('cloudsql.dial.duration')?.points;
    expect(dials?.map(({ value, attributes }) => ({ value, attributes }))).toEqual([
      { value: 1, attributes: server },
      { value: 1, attributes: { ...server, 'error.type': 'CLOUDSQL_DIAL_FAILED' } },
    ]);
    // Of the usual bounds, which are for milliseconds, every dial would be in the first.
    expect(dials?.[0]?.bounds?.slice(0, 3)).toEqual([0.005, 0.01, 0.025]);
    expect(collector.metric('cloudsql.connections.open')?.points).toEqual([{ value: 0, attributes: own }]);
    const io = collector.metric('cloudsql.io')?.points ?? [];
    expect(io.map(({ attributes }) => attributes['network.io.direction'])).toEqual(['transmit', 'receive']);
    for (const { value } of io) expect(value).toBeGreaterThan(0);

    const names = collector.spans.map(({ name, status }) => `${name} ${status ?? 0}`);
    expect(names.filter((name) => name.startsWith('connector.dial'))).toEqual(['connector.dial 0', 'connector.dial 2']);
    expect(names).toContain('connector.refresh 0');
    for (const { attributes, ms } of collector.spans) {
      expect(attributes).toMatchObject(own);
      expect(ms).toBeGreaterThan(0);
    }
  });

  it('gets them while the proxy runs, under the name of the service, and only what is wanted', async () => {
    await using collector = await OtlpCollector.open();
    await using proxy = await exporting('', {
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${collector.url}/v1/metrics`,
      OTEL_METRIC_EXPORT_INTERVAL: '100',
      OTEL_SERVICE_NAME: 'orders-proxy',
    });
    await query(proxyUrl(proxy));
    await proxy.until(() => collector.metric('cloudsql.io') !== undefined);
    expect(collector.resources.at(-1)).toMatchObject({ 'service.name': 'orders-proxy' });
    await proxy.end();
    expect(new Set(collector.requests.map((each) => each.path))).toEqual(new Set(['/v1/metrics']));
  });

  it('that never answers keeps neither a session nor the end waiting', async () => {
    await using collector = await OtlpCollector.open({ isMute: true });
    const hour = '3600000';
    await using proxy = await exporting(collector.url, {
      OTEL_EXPORTER_OTLP_TIMEOUT: hour,
      OTEL_BSP_SCHEDULE_DELAY: '10',
      OTEL_BSP_EXPORT_TIMEOUT: hour,
    });
    expect(await query(proxyUrl(proxy))).toMatchObject({ user: appUser });
    await proxy.until(() => collector.requests.length > 0);
    expect(await query(proxyUrl(proxy))).toMatchObject({ user: appUser });
    const { code, stdout } = await proxy.end();
    expect({ code, stdout }).toEqual({
      code: 143,
      stdout: expect.stringContaining('What was recorded last could not be sent in time.'),
    });
  });

  it('that is not there is warned about once, until it is there', async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    await using proxy = await exporting(url, {
      OTEL_EXPORTER_OTLP_TIMEOUT: '100',
      OTEL_METRIC_EXPORT_INTERVAL: '100',
      OTEL_TRACES_EXPORTER: 'none',
    });
    const warning = `Metrics cannot be sent to ${url}: connect ECONNREFUSED`;
    await proxy.until(() => proxy.stdout.includes(warning));
    expect(await query(proxyUrl(proxy))).toMatchObject({ user: appUser });
    {
      await using collector = await OtlpCollector.open({ port });
      await proxy.until(() => proxy.stdout.includes(`Metrics are sent to ${url} again`));
      expect(collector.metric('cloudsql.io')).toBeDefined();
      expect(proxy.stdout.split(warning)).toHaveLength(2);
    }
    await proxy.until(() => proxy.stdout.split('cannot be sent').length === 3);
    expect(await proxy.end()).toMatchObject({ code: 143, stderr: '' });
  });
});

it('loads nothing of OpenTelemetry where it is not configured', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'loaded-'));
  try {
    // Coverage knows every file that was loaded.
    const env = { ...cloud.env, NODE_V8_COVERAGE: folder };
    await using proxy = await ProxyProcess.ready([await onPort()], env);
    await query(proxyUrl(proxy));
    expect((await proxy.end()).code).toBe(143);
    const [file = ''] = readdirSync(folder);
    const text = readFileSync(path.join(folder, file), 'utf8');
    expect(text).toContain('/cloudsql-cli/src/proxy/serve/open-telemetry.ts');
    expect(text).not.toContain('@opentelemetry');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('records for the SDK of OpenTelemetry that its user has loaded, whose API is a copy of its own', async () => {
  const file = `${cloud.caFile}.metrics`;
  const sdk = path.join(import.meta.dirname, 'telemetry-sdk.mjs');
  const env = { ...cloud.env, NODE_OPTIONS: `--import ${sdk}`, METRICS_FILE: file };
  await using proxy = await ProxyProcess.ready([await onPort()], env);
  await query(proxyUrl(proxy));
  const seen = new Map<string, CollectedMetric>();
  await proxy.until(() => {
    const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').filter(Boolean) : [];
    for (const line of lines)
      for (const each of JSON.parse(line)) if (each.points.length > 0) seen.set(each.name, each);
    return seen.has('cloudsql.io') && seen.has('cloudsql.connections.open');
  });
  expect(unitsOf([...seen.values()])).toEqual(units);
  expect(seen.get('cloudsql.dial.duration')).toMatchObject({
    scope: '@x/cloudsql-cli',
    points: [
      {
        value: { count: 1 },
        attributes: { 'cloudsql.instance': instance, 'server.address': expect.stringMatching(/^127\./) },
      },
    ],
  });
});
