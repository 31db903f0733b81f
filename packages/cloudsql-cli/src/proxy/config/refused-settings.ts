import type { Setting } from './setting.ts';

/** The names of what is refused. */
export type RefusedName =
  | 'fuse'
  | 'fuse-tmp-dir'
  | 'sql-data'
  | 'sqldata-api-endpoint'
  | 'resource-exhausted-cooldown-delay'
  | 'telemetry-project'
  | 'telemetry-prefix'
  | 'telemetry-sample-rate';

const monitoring =
  'Export to Cloud Monitoring and Cloud Trace is not supported: use --prometheus, or OpenTelemetry by setting OTEL_EXPORTER_OTLP_ENDPOINT.';
const tunnel =
  'The tunnel through the SQL Data service is not supported: choose an address with --private-ip, --psc or --auto-ip.';

/** What Google's proxies can be told and this one cannot: each is an error that says why. */
export const refusedSettings: Readonly<Record<RefusedName, Setting>> = {
  fuse: {
    kind: 'TEXT',
    from: 'BOTH',
    argument: 'folder',
    help: 'FUSE is not supported: name the instances, and use --unix-socket for their sockets.',
    verdict: 'REFUSED',
  },
  'fuse-tmp-dir': {
    kind: 'TEXT',
    from: 'BOTH',
    argument: 'folder',
    help: 'FUSE is not supported: name the instances, and use --unix-socket for their sockets.',
    verdict: 'REFUSED',
  },
  'sql-data': { kind: 'SWITCH', from: 'CLOUD_SQL', instance: 'TOO', help: tunnel, verdict: 'REFUSED' },
  'sqldata-api-endpoint': {
    alias: 'sql-data-endpoint',
    kind: 'TEXT',
    from: 'CLOUD_SQL',
    argument: 'host',
    help: tunnel,
    verdict: 'REFUSED',
  },
  'resource-exhausted-cooldown-delay': {
    kind: 'DURATION',
    from: 'CLOUD_SQL',
    help: 'It belongs to the SQL Data service, which is not supported: leave it out. Throttled calls of the API are retried as the answer says.',
    verdict: 'REFUSED',
  },
  'telemetry-project': { kind: 'TEXT', from: 'BOTH', argument: 'project', help: monitoring, verdict: 'REFUSED' },
  'telemetry-prefix': { kind: 'TEXT', from: 'BOTH', argument: 'prefix', help: monitoring, verdict: 'REFUSED' },
  'telemetry-sample-rate': { kind: 'COUNT', from: 'BOTH', help: monitoring, verdict: 'REFUSED' },
};
