import type { CliContext } from '../../cli/context.ts';
import type { TelemetryConfig } from '../config/proxy-config.ts';
import type { Log } from './log.ts';
import { type Providers, recordTelemetry } from './record-telemetry.ts';
import type { ServedInstance } from './serve-instance.ts';

/** Where an SDK of OpenTelemetry has registered itself in this process, if there is one. */
const registered = Symbol.for('opentelemetry.js.api.1');

/**
 * Records metrics and spans where somebody takes them: the SDK of OpenTelemetry that was loaded into this process, or the
 * collector that the variables of OpenTelemetry name. Loads nothing where there is neither. Returns what stops it, which
 * sends what is left.
 */
export async function openTelemetry(
  config: TelemetryConfig,
  env: CliContext['env'],
  served: () => readonly ServedInstance[],
  log: Log,
): Promise<() => Promise<void>> {
  if ((globalThis as { [registered]?: unknown })[registered] !== undefined) {
    const stop = await recordTelemetry(await providersOfSdk(config), served);
    return async () => stop();
  }
  const { exportedSignals } = await import('./exported-signals.ts');
  const signals = exportedSignals(config, env, log);
  if (!signals.metrics && !signals.traces) return async () => {};
  const { openExport } = await import('./otlp-export.ts');
  const { close, ...providers } = openExport(signals, env, log);
  const stop = await recordTelemetry(providers, served);
  return async () => {
    stop();
    await close();
  };
}

/** Those that the user's SDK has registered, which sends by itself. */
async function providersOfSdk({ metrics: wantsMetrics, traces }: TelemetryConfig): Promise<Providers> {
  const { createNoopMeter, metrics, ProxyTracerProvider, trace } = await import('@opentelemetry/api');
  return {
    meters: wantsMetrics ? metrics.getMeterProvider() : { getMeter: createNoopMeter },
    tracers: traces ? trace.getTracerProvider() : new ProxyTracerProvider(),
  };
}
