import type { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { observe } from './channels.ts';
import type { ServedInstance } from './serve-instance.ts';

/** Metrics under the names that Google's proxies give them, so that dashboards and alerts go on. */
export interface Metrics {
  /** What a scraper gets. */
  text(): Promise<{ readonly body: string; readonly type: string }>;
  close(): void;
}

/** One family, for the instances of one service. */
interface Family {
  readonly dialLatency: Histogram;
  readonly dialFailures: Counter;
  readonly openConnections: Gauge;
  readonly refreshSuccesses: Counter;
  readonly refreshFailures: Counter;
  readonly bytesSent: Counter;
  readonly bytesReceived: Counter;
  readonly label: string;
}

/** Upper bounds of the classes of dials, in milliseconds. */
const latencies = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000];

/** Counts from now on. `served` says what is open at the time of a scrape. */
export async function openMetrics(
  namespace: string | undefined,
  served: () => readonly ServedInstance[],
): Promise<Metrics> {
  const prometheus = await import('prom-client');
  const registry = new prometheus.Registry();
  const prefix = namespace ? `${namespace}_` : '';
  const families = {
    'cloud-sql': family(prometheus, registry, `${prefix}cloudsqlconn`, 'cloudsql', () => served()),
    alloydb: family(prometheus, registry, `${prefix}alloydbconn`, 'alloydb', () => served()),
  };
  const of = (instance: string): Family => families[instance.startsWith('projects/') ? 'alloydb' : 'cloud-sql'];
  const close = observe({
    dial({ instance, durationMs, error }) {
      const { dialLatency, dialFailures, label } = of(instance);
      if (error) dialFailures.inc({ [`${label}_instance`]: instance, [`${label}_error_code`]: codeOf(error) });
      else dialLatency.observe({ [`${label}_instance`]: instance }, durationMs);
    },
    refresh({ instance, error }) {
      const { refreshSuccesses, refreshFailures, label } = of(instance);
      if (error) refreshFailures.inc({ [`${label}_instance`]: instance, [`${label}_error_code`]: codeOf(error) });
      else refreshSuccesses.inc({ [`${label}_instance`]: instance });
    },
    session({ phase, instance, bytesFromClient, bytesToClient }) {
      if (phase !== 'ENDED') return;
      const { bytesSent, bytesReceived, label } = of(instance);
      bytesSent.inc({ [`${label}_instance`]: instance }, bytesFromClient);
      bytesReceived.inc({ [`${label}_instance`]: instance }, bytesToClient);
    },
  });
  return { text: async () => ({ body: await registry.metrics(), type: registry.contentType }), close };
}

function family(
  { Counter, Gauge, Histogram }: typeof import('prom-client'),
  registry: Registry,
  prefix: string,
  label: string,
  served: () => readonly ServedInstance[],
): Family {
  const instance = `${label}_instance`;
  const common = { registers: [registry], labelNames: [instance] };
  const coded = { registers: [registry], labelNames: [instance, `${label}_error_code`] };
  return {
    label,
    dialLatency: new Histogram({
      name: `${prefix}_dial_latency`,
      help: 'How long successful dials took, in milliseconds',
      buckets: latencies,
      ...common,
    }),
    dialFailures: new Counter({ name: `${prefix}_dial_failure_count`, help: 'Dials that failed', ...coded }),
    openConnections: new Gauge({
      name: `${prefix}_open_connections`,
      help: 'Connections that are open',
      ...common,
      collect() {
        for (const { config, listener } of served()) {
          const isOurs = (config.instance.service === 'alloydb') === (label === 'alloydb');
          if (isOurs) this.set({ [instance]: config.instance.id }, listener.sessions);
        }
      },
    }),
    refreshSuccesses: new Counter({
      name: `${prefix}_refresh_success_count`,
      help: 'Refreshes of certificates',
      ...common,
    }),
    refreshFailures: new Counter({ name: `${prefix}_refresh_failure_count`, help: 'Refreshes that failed', ...coded }),
    bytesSent: new Counter({ name: `${prefix}_bytes_sent`, help: 'Bytes from clients to instances', ...common }),
    bytesReceived: new Counter({
      name: `${prefix}_bytes_received`,
      help: 'Bytes from instances to clients',
      ...common,
    }),
  };
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '_OTHER';
}
