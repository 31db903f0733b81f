import type { SettingName } from './settings.ts';

/** The settings that help shows, by heading. Those that have no effect, and those that are refused, are left out. */
const groups: Readonly<Record<string, readonly SettingName[]>> = {
  'Where to listen:': [
    'address',
    'port',
    'unix-socket',
    'unix-socket-mode',
    'require-local-secret',
    'require-same-user',
    'max-connections',
  ],
  'How to reach instances:': [
    'auto-iam-authn',
    'private-ip',
    'public-ip',
    'psc',
    'auto-ip',
    'lazy-refresh',
    'allowed-projects',
    'static-connection-info',
    'sqladmin-api-endpoint',
    'alloydbadmin-api-endpoint',
    'universe-domain',
  ],
  'Credentials:': [
    'credentials-file',
    'json-credentials',
    'token',
    'login-token',
    'gcloud-auth',
    'impersonate-service-account',
    'quota-project',
  ],
  'Start and end:': [
    'config-file',
    'run-connection-test',
    'skip-failed-instance-config',
    'ready-file',
    'min-sigterm-delay',
    'max-sigterm-delay',
    'exit-zero-on-sigterm',
  ],
  'Health, metrics and logs:': [
    'health-check',
    'with-backend-check',
    'prometheus',
    'prometheus-namespace',
    'http-address',
    'http-port',
    'disable-metrics',
    'disable-traces',
    'quitquitquit',
    'debug',
    'admin-port',
    'structured-logs',
    'quiet',
    'debug-logs',
    'user-agent',
  ],
};

/** The heading of a setting. */
export const helpGroups: ReadonlyMap<SettingName, string> = new Map(
  Object.entries(groups).flatMap(([heading, names]) => names.map((name) => [name, heading] as const)),
);
