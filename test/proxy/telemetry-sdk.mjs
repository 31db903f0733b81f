// What a user's own SDK of OpenTelemetry is here: it writes what was recorded to the file that METRICS_FILE names.
import { appendFileSync } from 'node:fs';
import { metrics } from '@opentelemetry/api';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';

const exporter = {
  export(resourceMetrics, done) {
    const found = resourceMetrics.scopeMetrics.flatMap(({ scope, metrics }) =>
      metrics.map(({ descriptor, dataPoints }) => ({
        scope: scope.name,
        name: descriptor.name,
        unit: descriptor.unit,
        points: dataPoints,
      })),
    );
    appendFileSync(process.env.METRICS_FILE, `${JSON.stringify(found)}\n`);
    done({ code: 0 });
  },
  forceFlush: async () => {},
  shutdown: async () => {},
};
const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 200, exportTimeoutMillis: 200 });
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
