import type { Attributes, MeterProvider, TracerProvider } from '@opentelemetry/api';
import { version } from '../../version.ts';
import { observe } from './channels.ts';
import { errorFields } from './log.ts';
import type { ServedInstance } from './serve-instance.ts';

/** Who takes what is recorded. */
export interface Providers {
  readonly meters: MeterProvider;
  readonly tracers: TracerProvider;
}

/** Upper bounds of the classes of durations, in seconds. */
const durations = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Records metrics and spans of what core tells, until the function that is returned is called. */
export async function recordTelemetry(
  { meters, tracers }: Providers,
  served: () => readonly ServedInstance[],
): Promise<() => void> {
  const { SpanKind, SpanStatusCode } = await import('@opentelemetry/api');
  const meter = meters.getMeter('@x/cloudsql-cli', version);
  const tracer = tracers.getTracer('@x/cloudsql-cli', version);
  const seconds = { unit: 's', advice: { explicitBucketBoundaries: durations } };
  const dials = meter.createHistogram('cloudsql.dial.duration', { ...seconds, description: 'How long dials took' });
  const refreshes = meter.createHistogram('cloudsql.refresh.duration', {
    ...seconds,
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
