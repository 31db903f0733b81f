import type { Attributes } from '@opentelemetry/api';
import type { CliContext } from '../../cli/context.ts';
import { version } from '../../version.ts';
import { observe } from './channels.ts';
import { errorFields, type Log } from './log.ts';
import type { ServedInstance } from './serve-instance.ts';

/** Where an SDK of OpenTelemetry has registered itself in this process, if there is one. */
const registered = Symbol.for('opentelemetry.js.api.1');

/**
 * Records metrics and spans for the SDK of OpenTelemetry that was loaded into this process, and does nothing where there
 * is none. Returns what stops it.
 */
export async function recordTelemetry(
  env: CliContext['env'],
  served: () => readonly ServedInstance[],
  log: Log,
): Promise<() => void> {
  if ((globalThis as { [registered]?: unknown })[registered] === undefined) {
    if (env.OTEL_EXPORTER_OTLP_ENDPOINT) {
      log.warn('OTEL_EXPORTER_OTLP_ENDPOINT is set, and no SDK of OpenTelemetry is loaded.', {
        remedy: 'Load one: NODE_OPTIONS="--import @opentelemetry/auto-instrumentations-node/register".',
      });
    }
    return () => {};
  }
  const { metrics, trace, SpanKind, SpanStatusCode } = await import('@opentelemetry/api');
  const meter = metrics.getMeter('@x/cloudsql-cli', version);
  const tracer = trace.getTracer('@x/cloudsql-cli', version);
  const dials = meter.createHistogram('cloudsql.dial.duration', { unit: 's', description: 'How long dials took' });
  const refreshes = meter.createHistogram('cloudsql.refresh.duration', {
    unit: 's',
    description: 'How long refreshes took',
  });
  const bytes = meter.createCounter('cloudsql.io', { unit: 'By', description: 'What was passed on' });
  const open = meter.createObservableUpDownCounter('cloudsql.connections.open', { unit: '{connection}' });
  open.addCallback((result) => {
    for (const { config, listener } of served()) {
      result.observe(listener.sessions, { 'cloudsql.instance': config.instance.id });
    }
  });
  const span = (name: string, durationMs: number, attributes: Attributes, error: Error | undefined): void => {
    const endTime = Date.now();
    const made = tracer.startSpan(name, { kind: SpanKind.INTERNAL, startTime: endTime - durationMs, attributes });
    if (error) made.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
    made.end(endTime);
  };
  return observe({
    dial({ instance, address, durationMs, error }) {
      const attributes = {
        'cloudsql.instance': instance,
        ...(address === undefined ? {} : { 'server.address': address }),
        ...errorType(error),
      };
      dials.record(durationMs / 1000, attributes);
      span('connector.dial', durationMs, attributes, error);
    },
    refresh({ instance, durationMs, error }) {
      const attributes = { 'cloudsql.instance': instance, ...errorType(error) };
      refreshes.record(durationMs / 1000, attributes);
      span('connector.refresh', durationMs, attributes, error);
    },
    session({ phase, instance, bytesFromClient, bytesToClient }) {
      if (phase !== 'ENDED') return;
      bytes.add(bytesFromClient, { 'cloudsql.instance': instance, 'network.io.direction': 'transmit' });
      bytes.add(bytesToClient, { 'cloudsql.instance': instance, 'network.io.direction': 'receive' });
    },
  });
}

function errorType(error: Error | undefined): Attributes {
  return error ? { 'error.type': errorFields(error).code ?? '_OTHER' } : {};
}
