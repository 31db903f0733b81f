import { ownSettings } from './own-settings.ts';
import { refusedSettings } from './refused-settings.ts';
import type { Given, KindValues, Setting } from './setting.ts';

/** Everything that Google's proxies can be told, and ours. The order is that of the help. */
export const settings = {
  address: {
    short: 'a',
    kind: 'ADDRESS',
    from: 'BOTH',
    instance: 'TOO',
    help: 'the IP address to listen on (127.0.0.1)',
    verdict: 'BETTER',
    note: 'other addresses than loopback are warned about, because what passes there is not encrypted',
  },
  port: {
    short: 'p',
    kind: 'PORT',
    from: 'BOTH',
    instance: 'TOO',
    help: 'the first port; further listeners count up (by engine: 5432, 3306, 1433)',
    verdict: 'BETTER',
    note: 'also with a port every instance is checked at the start; a parameter takes no number from the count',
  },
  'unix-socket': {
    short: 'u',
    kind: 'TEXT',
    from: 'BOTH',
    instance: 'TOO',
    argument: 'folder',
    help: 'listen on Unix sockets in this folder, not on TCP',
    verdict: 'BETTER',
    note: 'private (0600) unless `unix-socket-mode` says otherwise; the parameter beats the flag; the length is checked; what a killed proxy left is replaced',
  },
  'unix-socket-path': {
    kind: 'TEXT',
    from: 'BOTH',
    instance: 'ONLY',
    argument: 'path',
    help: 'the Unix socket of this instance',
    verdict: 'BETTER',
    note: 'folders on the way are made',
  },
  'auto-iam-authn': {
    short: 'i',
    kind: 'SWITCH',
    from: 'BOTH',
    instance: 'TOO',
    help: 'log in with IAM: clients need no password',
    verdict: 'BETTER',
    note: 'a client that names no user is the one that the credentials stand for; whether it can work is decided from all sources together',
  },
  'private-ip': {
    kind: 'SWITCH',
    from: 'CLOUD_SQL',
    instance: 'TOO',
    help: 'dial the private address (AlloyDB does so by itself)',
    verdict: 'BETTER',
    note: 'an instance may choose another path than the flag',
  },
  'public-ip': {
    kind: 'SWITCH',
    from: 'ALLOYDB',
    instance: 'TOO',
    help: 'dial the public address (Cloud SQL does so by itself)',
    verdict: 'BETTER',
    note: 'together with `psc` it is an error',
  },
  psc: {
    kind: 'SWITCH',
    from: 'BOTH',
    instance: 'TOO',
    help: 'dial by Private Service Connect',
    verdict: 'BETTER',
    note: 'an instance may choose it under a global `private-ip`',
  },
  'auto-ip': {
    kind: 'SWITCH',
    from: 'CLOUD_SQL',
    instance: 'TOO',
    help: 'dial the public address if there is one, else the private one',
    verdict: 'BETTER',
    note: 'together with `psc` it is an error; conflicts are those of values, so `--private-ip=false` is none',
  },
  'max-connections': {
    kind: 'COUNT',
    from: 'BOTH',
    instance: 'TOO',
    help: 'how many connections there may be (0: any number)',
    verdict: 'BETTER',
    note: 'also of one instance; who is refused is told so in the words of the database',
  },
  'credentials-file': {
    short: 'c',
    kind: 'TEXT',
    from: 'BOTH',
    argument: 'path',
    help: 'a service account key or any other credentials file',
    verdict: 'BETTER',
    note: 'read again when it changes; with impersonation too it may be of any type',
  },
  'json-credentials': {
    short: 'j',
    kind: 'TEXT',
    from: 'BOTH',
    argument: 'json',
    help: 'what such a file holds (better in the environment: others can read command lines)',
    verdict: 'SAME',
  },
  token: {
    short: 't',
    kind: 'TEXT',
    from: 'BOTH',
    help: 'an OAuth2 access token for the APIs (better in the environment)',
    verdict: 'SAME',
  },
  'login-token': {
    kind: 'TEXT',
    from: 'BOTH',
    argument: 'token',
    help: 'an access token for IAM logins, beside --token',
    verdict: 'BETTER',
    note: 'serves instances with `?auto-iam-authn=true` as well; without a use it is an error',
  },
  'gcloud-auth': {
    short: 'g',
    kind: 'SWITCH',
    from: 'BOTH',
    help: 'the account that gcloud is logged in with',
    verdict: 'BETTER',
    note: 'logs in with IAM too, with a token as wide as that of gcloud',
  },
  'impersonate-service-account': {
    kind: 'EMAILS',
    from: 'BOTH',
    argument: 'emails',
    help: 'the account to act as; behind a comma the delegates, from it to the credentials',
    verdict: 'SAME',
  },
  'quota-project': {
    kind: 'TEXT',
    from: 'CLOUD_SQL',
    argument: 'project',
    help: 'the project that API quota is charged to',
    verdict: 'BETTER',
    note: 'of AlloyDB too',
  },
  'universe-domain': {
    kind: 'TEXT',
    from: 'CLOUD_SQL',
    argument: 'domain',
    help: 'the universe of the instances',
    verdict: 'BETTER',
    note: 'of AlloyDB too',
  },
  'sqladmin-api-endpoint': {
    kind: 'URL',
    from: 'CLOUD_SQL',
    help: 'another address of the Cloud SQL Admin API',
    verdict: 'BETTER',
    note: 'only https, or http on loopback: tokens are sent there',
  },
  'alloydbadmin-api-endpoint': {
    kind: 'URL',
    from: 'ALLOYDB',
    help: 'another address of the AlloyDB API',
    verdict: 'BETTER',
    note: 'only https, or http on loopback: tokens are sent there',
  },
  'user-agent': { kind: 'TEXT', from: 'BOTH', help: 'text to add to the user agent', verdict: 'SAME' },
  'config-file': {
    kind: 'TEXT',
    from: 'BOTH',
    argument: 'path',
    help: 'a TOML, YAML or JSON file with any of these settings',
    verdict: 'BETTER',
    note: 'the variable works, too; unknown keys and wrong values are errors',
  },
  'run-connection-test': {
    kind: 'SWITCH',
    from: 'BOTH',
    help: 'connect to every instance before being ready; fail if one fails',
    verdict: 'BETTER',
    note: 'ready is said afterwards, and each instance that fails is named',
  },
  'skip-failed-instance-config': {
    kind: 'SWITCH',
    from: 'CLOUD_SQL',
    help: 'go on without the instances that cannot be served',
    verdict: 'BETTER',
    note: 'where none is left the start fails',
  },
  'max-sigterm-delay': {
    kind: 'DURATION',
    from: 'BOTH',
    help: 'how long to wait for open connections to end (0s)',
    verdict: 'BETTER',
    note: 'nobody is accepted meanwhile, live sessions keep working, and those that are left do not change the exit code',
  },
  'min-sigterm-delay': {
    kind: 'DURATION',
    from: 'BOTH',
    help: 'how long to go on as before after the signal (0s)',
    verdict: 'BETTER',
    note: 'a second signal ends all waiting; with `exit-zero-sigterm` too',
  },
  'exit-zero-on-sigterm': {
    alias: 'exit-zero-sigterm',
    kind: 'SWITCH',
    from: 'BOTH',
    help: 'exit with 0 instead of 143 on SIGTERM',
    verdict: 'SAME',
  },
  'health-check': {
    kind: 'SWITCH',
    from: 'BOTH',
    help: 'serve /startup, /liveness and /readiness',
    verdict: 'BETTER',
    note: '/readiness checks, and turns to 503 at the signal; /startup answers 503 from the beginning',
  },
  'with-backend-check': {
    kind: 'SWITCH',
    from: 'ALLOYDB',
    help: 'let /startup connect to every instance too',
    verdict: 'BETTER',
    note: 'of Cloud SQL too',
  },
  prometheus: { kind: 'SWITCH', from: 'BOTH', help: 'serve /metrics', verdict: 'SAME' },
  'prometheus-namespace': {
    kind: 'TEXT',
    from: 'BOTH',
    argument: 'prefix',
    help: 'a prefix of the names of metrics',
    verdict: 'BETTER',
    note: 'without `prometheus` it is an error',
  },
  'http-address': {
    kind: 'TEXT',
    from: 'BOTH',
    argument: 'host',
    help: 'where health and metrics are served (localhost)',
    verdict: 'BETTER',
    note: 'without either it is an error',
  },
  'http-port': {
    kind: 'PORT',
    from: 'BOTH',
    argument: 'port',
    help: 'the port of health and metrics (9090)',
    verdict: 'BETTER',
    note: 'without either it is an error',
  },
  'admin-port': {
    kind: 'PORT',
    from: 'BOTH',
    argument: 'port',
    help: 'the port of the admin server, on localhost (9091)',
    verdict: 'BETTER',
    note: 'without `quitquitquit` and `debug` it is an error',
  },
  quitquitquit: {
    kind: 'SWITCH',
    from: 'BOTH',
    help: 'serve /quitquitquit on the admin server',
    verdict: 'SAME',
  },
  debug: {
    kind: 'SWITCH',
    from: 'BOTH',
    help: 'serve profiles of this process on the admin server',
    verdict: 'BETTER',
    note: 'what V8 has in place of Go’s profiler: see the endpoints',
  },
  'debug-logs': {
    kind: 'SWITCH',
    from: 'BOTH',
    help: 'log refreshes and dials, too',
    verdict: 'BETTER',
    note: 'without it no debug line is written',
  },
  quiet: { kind: 'SWITCH', from: 'BOTH', help: 'log errors only', verdict: 'BETTER', note: 'keeps JSON lines as JSON' },
  'structured-logs': {
    short: 'l',
    kind: 'SWITCH',
    from: 'BOTH',
    help: 'log JSON lines',
    verdict: 'BETTER',
    note: 'with instance, connection, client, bytes, duration and error code',
  },
  'disable-metrics': {
    kind: 'SWITCH',
    from: 'BOTH',
    help: 'nothing is exported that could be disabled',
    verdict: 'SAME',
    note: 'taken and without effect: nothing is sent to Cloud Monitoring',
  },
  'disable-traces': {
    kind: 'SWITCH',
    from: 'BOTH',
    help: 'nothing is exported that could be disabled',
    verdict: 'SAME',
    note: 'taken and without effect: nothing is sent to Cloud Trace',
  },
  'disable-built-in-telemetry': {
    kind: 'SWITCH',
    from: 'ALLOYDB',
    help: 'nothing is reported that could be disabled',
    verdict: 'SAME',
    note: 'taken and without effect: this proxy never reports to Google by itself',
  },
  ...ownSettings,
  ...refusedSettings,
} as const satisfies Readonly<Record<string, Setting>>;

/** The name of a setting: its flag without dashes, and its key in a file. */
export type SettingName = keyof typeof settings;

/** The values that were given, by name. */
export type Values = {
  readonly [Name in SettingName]?: Given<KindValues[(typeof settings)[Name]['kind']]>;
};

/** Every name, in the order of the help. */
export const settingNames: readonly SettingName[] = Object.keys(settings) as SettingName[];

/** A setting by its name. */
export function settingOf(name: SettingName): Setting {
  return settings[name];
}

/** The setting that a flag or a key names, in either spelling. */
export function findSetting(spelling: string): SettingName | undefined {
  return settingNames.find((name) => name === spelling || settingOf(name).alias === spelling);
}

/** The same of what can be said of all instances. */
export function findGlobalSetting(spelling: string): SettingName | undefined {
  const name = findSetting(spelling);
  return name && settingOf(name).instance !== 'ONLY' ? name : undefined;
}
