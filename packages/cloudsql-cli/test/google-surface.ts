// What Google documents of its two proxies, written down from their documentation and sources (Cloud SQL Auth Proxy 2.25.3,
// AlloyDB Auth Proxy 1.15.2) and from nothing of ours: a row that is missing from docs/proxy.md or from our parser fails.

/** A flag: its name, its letter, whether it is a parameter of an instance too, and a value with what it needs beside it. */
export interface GoogleFlag {
  readonly name: string;
  readonly short?: string;
  readonly parameter?: true;
  /** A value that Google's proxy takes; none for a switch. */
  readonly value?: string;
  /** Flags without which it would have no effect. */
  readonly beside?: string;
}

export const cloudSqlFlags: readonly GoogleFlag[] = [
  { name: 'address', short: 'a', parameter: true, value: '127.0.0.1' },
  { name: 'admin-port', value: '9092', beside: '--quitquitquit' },
  { name: 'auto-iam-authn', short: 'i', parameter: true },
  { name: 'auto-ip' },
  { name: 'config-file', value: '$FILE' },
  { name: 'credentials-file', short: 'c', value: '/key.json' },
  { name: 'debug' },
  { name: 'debug-logs' },
  { name: 'disable-metrics' },
  { name: 'disable-traces' },
  { name: 'exit-zero-on-sigterm' },
  { name: 'fuse', value: '/f' },
  { name: 'fuse-tmp-dir', value: '/f' },
  { name: 'gcloud-auth', short: 'g' },
  { name: 'health-check' },
  { name: 'http-address', value: '0.0.0.0', beside: '--health-check' },
  { name: 'http-port', value: '9091', beside: '--health-check' },
  { name: 'impersonate-service-account', value: 'a@p.iam.gserviceaccount.com,b@p.iam.gserviceaccount.com' },
  { name: 'json-credentials', short: 'j', value: '$KEY' },
  { name: 'lazy-refresh' },
  { name: 'login-token', value: 'l', beside: '--token=t --auto-iam-authn' },
  { name: 'max-connections', value: '5' },
  { name: 'max-sigterm-delay', value: '10s' },
  { name: 'min-sigterm-delay', value: '1m30s' },
  { name: 'port', short: 'p', parameter: true, value: '6000' },
  { name: 'private-ip', parameter: true },
  { name: 'prometheus' },
  { name: 'prometheus-namespace', value: 'x', beside: '--prometheus' },
  { name: 'psc', parameter: true },
  { name: 'quiet' },
  { name: 'quitquitquit' },
  { name: 'quota-project', value: 'p' },
  { name: 'resource-exhausted-cooldown-delay', value: '1s' },
  { name: 'run-connection-test' },
  { name: 'skip-failed-instance-config' },
  { name: 'sql-data', parameter: true },
  { name: 'sqladmin-api-endpoint', value: 'https://example.com/' },
  { name: 'sqldata-api-endpoint', value: 'example.com' },
  { name: 'sql-data-endpoint', value: 'example.com' },
  { name: 'structured-logs', short: 'l' },
  { name: 'telemetry-prefix', value: 'x' },
  { name: 'telemetry-project', value: 'p' },
  { name: 'telemetry-sample-rate', value: '10000' },
  { name: 'token', short: 't', value: 't' },
  { name: 'universe-domain', value: 'example.com' },
  { name: 'unix-socket', short: 'u', parameter: true, value: '/s' },
  { name: 'user-agent', value: 'x' },
];

/** Those of the AlloyDB Auth Proxy that the other one has not, or has under another name. */
export const alloyDbFlags: readonly GoogleFlag[] = [
  { name: 'alloydbadmin-api-endpoint', value: 'https://alloydb.googleapis.com' },
  { name: 'disable-built-in-telemetry' },
  { name: 'exit-zero-sigterm' },
  { name: 'public-ip', parameter: true },
  { name: 'static-connection-info', value: '$INFO' },
  { name: 'with-backend-check', beside: '--health-check' },
];

/** Parameters of an instance that are no flags. */
export const onlyParameters = ['unix-socket-path'] as const;

/** Variables that are no flags, and those that both read besides. */
export const otherVariables = [
  'CSQL_PROXY_INSTANCE_CONNECTION_NAME',
  'CSQL_PROXY_INSTANCE_CONNECTION_NAME_0',
  'ALLOYDB_PROXY_INSTANCE_URI',
  'ALLOYDB_PROXY_INSTANCE_URI_0',
  'ALLOYDB_PROXY_METADATA',
  'NOTIFY_SOCKET',
  'ALL_PROXY',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'GOOGLE_APPLICATION_CREDENTIALS',
  'GOOGLE_CLOUD_UNIVERSE_DOMAIN',
] as const;

/** Keys of a file that are no flags, and the extensions that a file can have. */
export const fileKeys = [
  'instance-connection-name',
  'instance-connection-name-0',
  'instance-uri',
  'instance-uri-0',
] as const;
export const fileExtensions = ['.toml', '.yaml', '.yml', '.json'] as const;

export const googleCommands = [
  'wait',
  'wait --max',
  'wait -m',
  'wait --http-address',
  'wait --http-port',
  'shutdown',
  'shutdown --admin-port',
  'completion bash',
  'completion zsh',
  'completion fish',
  'completion powershell',
  'completion … --no-descriptions',
  'help',
  '--help',
  '-h',
  '--version',
  '-v',
] as const;

export const endpoints = [
  '/startup',
  '/readiness',
  '/liveness',
  '/metrics',
  '/quitquitquit',
  '/debug/pprof/',
  '/debug/pprof/cmdline',
  '/debug/pprof/profile',
  '/debug/pprof/symbol',
  '/debug/pprof/trace',
] as const;

export const metrics = [
  'cloudsqlconn_dial_latency',
  'cloudsqlconn_open_connections',
  'cloudsqlconn_dial_failure_count',
  'cloudsqlconn_refresh_success_count',
  'cloudsqlconn_refresh_failure_count',
  'cloudsqlconn_bytes_sent',
  'cloudsqlconn_bytes_received',
] as const;

/** Exit codes with their causes. */
export const exitCauses = [
  'exit code 1: bad flag, argument or configuration',
  'exit code 1: the start, the connection test or an HTTP server failed',
  'exit code 1: connections were left after `--max-sigterm-delay`',
  'exit code 129: SIGHUP',
  'exit code 130: SIGINT',
  'exit code 143: SIGTERM',
  'exit code 0: SIGTERM with `--exit-zero-on-sigterm`',
  'exit code 0: `/quitquitquit`',
  'exit code 1: `wait` timed out, or `shutdown` failed',
  'exit codes 2, 99, 100, 101: Windows service',
] as const;

/** Forms of the log. */
export const logForms = ['text lines', 'JSON lines', 'Windows log file'] as const;
