import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { exportedSignals } from '../src/proxy/serve/exported-signals.ts';
import { Log } from '../src/proxy/serve/log.ts';

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/otlp' };
const both = { metrics: 'http://collector:4318', traces: 'http://collector:4318' };
const neither = { metrics: undefined, traces: undefined };
const metricsOnly = { ...both, traces: undefined };

it.each<[object, object, string[]]>([
  [{}, neither, []],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }, neither, []],
  [endpoint, both, []],
  [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://collector:4318/v1/metrics' }, metricsOnly, []],
  [{ ...endpoint, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://other/x' }, { ...both, traces: 'https://other' }, []],
  [{ ...endpoint, OTEL_SDK_DISABLED: 'TRUE' }, neither, []],
  [{ ...endpoint, OTEL_SDK_DISABLED: 'false' }, both, []],
  [{ ...endpoint, OTEL_TRACES_EXPORTER: 'none' }, metricsOnly, []],
  [
    { ...endpoint, OTEL_TRACES_EXPORTER: 'zipkin' },
    metricsOnly,
    ['No traces are exported: OTEL_TRACES_EXPORTER is "zipkin". Set it to otlp, or to none.'],
  ],
  [{ ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' }, both, []],
  [
    { ...endpoint, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc' },
    metricsOnly,
    [
      'No traces are exported: OTEL_EXPORTER_OTLP_TRACES_PROTOCOL is "grpc". Set it to http/protobuf, and the endpoint to the port for it: 4318.',
    ],
  ],
  [
    { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'collector:4318' },
    neither,
    [
      'No metrics are exported: OTEL_EXPORTER_OTLP_METRICS_ENDPOINT is "collector:4318". Set it to the URL of a collector: http://HOST:4318.',
    ],
  ],
])('%j sends %j and warns of %j', (env, expected, warnings) => {
  let text = '';
  const stdout = new Writable({
    write(chunk, _, done) {
      text += chunk;
      done();
    },
  });
  const log = new Log({ json: false, level: 'INFO' }, { stdout, stderr: stdout });
  const found = exportedSignals({ metrics: true, traces: true }, env as Record<string, string>, log);
  expect(found).toEqual(expected);
  expect(text.split('\n').filter(Boolean)).toEqual(warnings.map((line) => expect.stringContaining(line)));
});

it('sends what is not disabled', () => {
  const log = {} as Log;
  expect(exportedSignals({ metrics: true, traces: false }, endpoint, log)).toEqual(metricsOnly);
  expect(exportedSignals({ metrics: false, traces: false }, endpoint, log)).toEqual(neither);
});
