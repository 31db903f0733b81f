// The rows of docs/proxy.md that are not about settings.

/** How something compares with Google's proxies, and what is to be said of it. */
export type Row = readonly [what: string, verdict: 'same' | 'better' | 'refused', note: string];

const sameVariable = 'as everywhere in this library';

export const variableRows: readonly Row[] = [
  [
    '`CSQL_PROXY_INSTANCE_CONNECTION_NAME`, `CSQL_PROXY_INSTANCE_CONNECTION_NAME_0`, `_1`, …',
    'better',
    'a gap in the numbers is an error, and so is a first instance that is there twice',
  ],
  [
    '`ALLOYDB_PROXY_INSTANCE_URI`, `ALLOYDB_PROXY_INSTANCE_URI_0`, `_1`, …',
    'better',
    'likewise; both families together serve both services',
  ],
  ['`ALLOYDB_PROXY_METADATA`', 'same', '`CSQL_PROXY_METADATA` too'],
  [
    '`NOTIFY_SOCKET`',
    'better',
    '`READY=1` after the connection test, `STOPPING=1` at the signal; the unit needs `NotifyAccess=all`, because `systemd-notify` tells it',
  ],
  ['`ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY`', 'same', sameVariable],
  ['`GOOGLE_APPLICATION_CREDENTIALS`', 'better', 'the file is read again when it changes'],
  ['`GOOGLE_CLOUD_UNIVERSE_DOMAIN`', 'same', sameVariable],
];

export const fileRows: readonly Row[] = [
  ['file keys `instance-connection-name`, `instance-connection-name-0`, `-1`, …', 'better', 'gaps are errors'],
  ['file keys `instance-uri`, `instance-uri-0`, `-1`, …', 'better', 'gaps are errors'],
  ['files `.toml`, `.yaml`, `.yml`, `.json`', 'better', 'in any letter case; keys that nothing is called are errors'],
];

export const commandRows: readonly Row[] = [
  [
    '`wait`, `wait --max`, `wait -m`, `wait --http-address`, `wait --http-port`',
    'better',
    '`cloudsql proxy wait`; reads the variables and the file that the proxy reads, asks four times a second, and says why it gave up',
  ],
  ['`shutdown`, `shutdown --admin-port`', 'better', '`cloudsql proxy shutdown`; likewise'],
  [
    '`completion bash`, `completion zsh`, `completion fish`, `completion powershell`, `completion … --no-descriptions`',
    'same',
    '`cloudsql completion …`',
  ],
  ['`help`, `--help`, `-h`', 'same', ''],
  ['`--version`, `-v`', 'same', ''],
];

export const endpointRows: readonly Row[] = [
  ['`/startup`', 'better', 'answers 503 from the beginning, not only once listeners are open'],
  [
    '`/readiness`',
    'better',
    'checks: that each instance has a certificate or can get one, that it can be dialled again after a dial has failed, and that no limit is reached; the reasons are in the body. `?min-ready=2`, which older ones have: two instances that can serve are enough',
  ],
  ['`/liveness`', 'same', ''],
  ['`/metrics`', 'same', 'the names are below'],
  ['`/quitquitquit`', 'same', 'GET and POST, on localhost'],
  ['`/debug/pprof/`', 'better', 'lists what there is'],
  ['`/debug/pprof/profile`', 'better', 'a `.cpuprofile` for Chrome’s developer tools; `?seconds=` up to 300'],
  ['`/debug/pprof/heap`', 'better', 'a `.heapsnapshot` for the same'],
  ['`/debug/pprof/cmdline`', 'refused', 'a command line can hold a token'],
  [
    '`/debug/pprof/symbol`, `/debug/pprof/trace`',
    'refused',
    'they belong to the runtime of Go; profiles here have symbols in them',
  ],
];

export const metricRows: readonly Row[] = [
  ['`cloudsqlconn_dial_latency`', 'same', 'a histogram in milliseconds, with the label `cloudsql_instance`'],
  ['`cloudsqlconn_open_connections`', 'same', 'the connections of clients'],
  ['`cloudsqlconn_dial_failure_count`', 'better', 'also by `cloudsql_error_code`, which is one of [these](errors.md)'],
  ['`cloudsqlconn_refresh_success_count`', 'same', ''],
  ['`cloudsqlconn_refresh_failure_count`', 'same', 'by `cloudsql_error_code`'],
  ['`cloudsqlconn_bytes_sent`, `cloudsqlconn_bytes_received`', 'same', 'counted when a connection ends'],
  ['`alloydbconn_…`', 'same', 'the same seven for AlloyDB, with the label `alloydb_instance`'],
];

export const exitRows: readonly Row[] = [
  [
    'exit code 1: bad flag, argument or configuration',
    'better',
    '2, so that a supervisor can tell what no restart will mend',
  ],
  ['exit code 1: the start, the connection test or an HTTP server failed', 'same', ''],
  [
    'exit code 1: connections were left after `--max-sigterm-delay`',
    'better',
    'a warning; the code is that of the signal',
  ],
  [
    'exit code 129: SIGHUP',
    'better',
    'it ends as at SIGTERM, with the same delays; Google’s is ended by it at once. `nohup` does not keep it off, because Node.js hears of it all the same: use `setsid`, or a service',
  ],
  ['exit code 130: SIGINT', 'same', ''],
  ['exit code 143: SIGTERM', 'same', ''],
  ['exit code 0: SIGTERM with `--exit-zero-on-sigterm`', 'same', ''],
  ['exit code 0: `/quitquitquit`', 'same', ''],
  ['exit code 1: `wait` timed out, or `shutdown` failed', 'same', ''],
  [
    'exit codes 2, 99, 100, 101: Windows service',
    'refused',
    'it does not run as a Windows service by itself: use a service wrapper, which restarts it as well',
  ],
];

export const logRows: readonly Row[] = [
  ['text lines', 'same', '`2006/01/02 15:04:05 [INSTANCE] message`; errors go to stderr'],
  [
    'JSON lines',
    'better',
    '`timestamp`, `severity` and `message` as before; and `instance`, `connection`, `client`, `bytesFromClient`, `bytesToClient`, `durationMs`, `code`, `remedy`',
  ],
  ['Windows log file', 'refused', 'the log goes to stdout and stderr'],
];
