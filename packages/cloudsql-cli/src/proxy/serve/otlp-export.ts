import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { CliContext } from '../../cli/context.ts';
import { version } from '../../version.ts';
import type { ExportedSignals } from './exported-signals.ts';
import type { Log } from './log.ts';
import type { Providers } from './record-telemetry.ts';

/** How long the end may wait for what is left to be sent, in milliseconds. */
const flushMs = 2000;

/** How often metrics are sent, in milliseconds, as the SDK of OpenTelemetry does it. */
const usualIntervalMs = 60_000;

/**
 * Sends metrics and spans to a collector, as OTLP over HTTP. How, the libraries read from the variables of OpenTelemetry.
 * `close` sends what is left, for a short time.
 */
export function openExport(
  { metrics, traces }: ExportedSignals,
  env: CliContext['env'],
  log: Log,
): Providers & { close(): Promise<void> } {
  // No detector of processes: it would send the command line, which can hold a token.
  const resource = defaultResource()
    .merge(resourceFromAttributes({ 'service.name': 'cloudsql-proxy', 'service.version': version }))
    .merge(detectResources({ detectors: [serviceInstanceIdDetector, envDetector] }));
  const failing = new Set<string>();
  const report = (what: string, endpoint: string) => (error: Error | undefined) => {
    if (!error) {
      if (failing.delete(what)) log.info(`${what} are sent to ${endpoint} again`);
    } else if (!failing.has(what)) {
      failing.add(what);
      log.warn(`${what} cannot be sent to ${endpoint}: ${describe(error)}.`, {
        remedy: 'The proxy goes on without. The endpoint has to take OTLP over HTTP.',
      });
    }
  };
  const meters = new MeterProvider({
    resource,
    readers: metrics
      ? [
          new PeriodicExportingMetricReader({
            exporter: reporting(new OTLPMetricExporter(), report('Metrics', metrics)),
            exportIntervalMillis: intervalOf(env.OTEL_METRIC_EXPORT_INTERVAL),
          }),
        ]
      : [],
  });
  const tracers = new BasicTracerProvider({
    resource,
    spanProcessors: traces ? [new BatchSpanProcessor(reporting(new OTLPTraceExporter(), report('Spans', traces)))] : [],
  });
  return {
    meters,
    tracers,
    async close() {
      const sent = Promise.allSettled([meters.shutdown(), tracers.shutdown()]);
      // Whoever did not answer before is not waited for.
      if (await within(sent, failing.size > 0 ? 0 : flushMs)) return;
      if (failing.size === 0) log.warn('What was recorded last could not be sent in time.');
      // Nobody can call off what is being sent, and it would keep the process for as long as it takes.
      setTimeout(() => process.exit(), flushMs / 4).unref();
    },
  };
}

interface Result {
  readonly error?: Error;
  readonly code: number;
}

/** Says how each export went, which the libraries keep to themselves. */
function reporting<Exporter extends { export(batch: never, done: (result: Result) => void): void }>(
  exporter: Exporter,
  report: (error: Error | undefined) => void,
): Exporter {
  const send = exporter.export.bind(exporter);
  exporter.export = (batch, done) =>
    send(batch, (result) => {
      report(result.code === 0 ? undefined : (result.error ?? new Error('it failed')));
      done(result);
    });
  return exporter;
}

/** A refusal has a status, and one for each address of a host has no message at all. */
function describe(error: Error & { readonly code?: string | number }): string {
  return [error.code, error.message].filter((each) => each && !error.message.includes(`${each} `)).join(' ');
}

function intervalOf(text: string | undefined): number {
  const ms = Number(text);
  // A timer waits no longer.
  return ms > 0 && ms < 2 ** 31 ? ms : usualIntervalMs;
}

/** Whether some work is done in time. */
async function within(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
