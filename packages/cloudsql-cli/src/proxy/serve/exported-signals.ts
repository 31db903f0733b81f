import type { CliContext } from '../../cli/context.ts';
import type { TelemetryConfig } from '../config/proxy-config.ts';
import type { Log } from './log.ts';

/** Where each signal is sent; undefined if it is not. */
export interface ExportedSignals {
  readonly metrics: string | undefined;
  readonly traces: string | undefined;
}

/**
 * Reads the variables of OpenTelemetry. One that cannot be followed is warned about: a database is served whether
 * somebody can watch that or not.
 */
export function exportedSignals(config: TelemetryConfig, env: CliContext['env'], log: Log): ExportedSignals {
  const isOff = env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true';
  const endpoint = (signal: 'METRICS' | 'TRACES', isWanted: boolean): string | undefined => {
    if (isOff || !isWanted) return undefined;
    const names = [`OTEL_EXPORTER_OTLP_${signal}_`, 'OTEL_EXPORTER_OTLP_'] as const;
    const of = (suffix: string): readonly [name: string, value: string] | undefined => {
      const name = names.map((each) => `${each}${suffix}`).find((each) => env[each]?.trim());
      return name === undefined ? undefined : [name, env[name]!.trim()];
    };
    const found = of('ENDPOINT');
    const exporter = env[`OTEL_${signal}_EXPORTER`]?.trim() || 'otlp';
    if (!found || exporter === 'none') return undefined;
    const refused = (name: string, value: string, remedy: string): undefined => {
      log.warn(`No ${signal.toLowerCase()} are exported: ${name} is "${value}".`, { remedy });
    };
    if (exporter !== 'otlp') return refused(`OTEL_${signal}_EXPORTER`, exporter, 'Set it to otlp, or to none.');
    const [protocolName, protocol] = of('PROTOCOL') ?? ['', 'http/protobuf'];
    if (protocol !== 'http/protobuf') {
      return refused(protocolName, protocol, 'Set it to http/protobuf, and the endpoint to the port for it: 4318.');
    }
    const [name, url] = found;
    if (/^https?:\/\//.test(url) && URL.canParse(url)) return new URL(url).origin;
    return refused(name, url, 'Set it to the URL of a collector: http://HOST:4318.');
  };
  return { metrics: endpoint('METRICS', config.metrics), traces: endpoint('TRACES', config.traces) };
}
