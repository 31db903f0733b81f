import { Connector, type IpType } from '@x/cloudsql-core';
import { ipTypeOf } from '../../cli/connector-flags.ts';
import type { CliContext } from '../../cli/context.ts';
import { UsageError } from '../../cli/usage-error.ts';
import { configuredConnector } from './configured-connector.ts';
import { checkInstances, checkParameters, checkValues } from './conflicts.ts';
import { type CommandLine, gather } from './gather.ts';
import type { InstanceConfig, Place, ProxyConfig } from './proxy-config.ts';
import { type NamedInstance, readInstance } from './read-instance.ts';
import { isOn, type Values } from './settings.ts';

/** The defaults of Google's proxies. */
export const defaultPorts = { http: 9090, admin: 9091 } as const;

/**
 * Reads everything that was said, checks it, and makes one configuration of it.
 * @throws UsageError, ConfigError
 */
export async function resolveConfig(line: CommandLine, env: CliContext['env']): Promise<ProxyConfig> {
  const { values, instances: given } = await gather(line, env);
  checkValues(values);
  if (given.length === 0) {
    throw new UsageError(
      'No instance is named',
      'Add an instance connection name, project:region:instance, or the name of an AlloyDB instance.',
    );
  }
  const named = given.map(readInstance);
  for (const { values: own } of named) checkParameters(own);
  checkInstances(values, named);
  const instances = named.map((each) => instanceConfig(each, values));
  checkPlaces(instances, values);
  const port = values.port?.value;
  const options = configuredConnector(values, named, env);
  // Finds what contradicts itself, and does nothing else.
  new Connector(options);
  return {
    instances,
    connector: options,
    firstPort: port === 0 ? undefined : port,
    maxConnections: values['max-connections']?.value ?? 0,
    http: http(values),
    admin: admin(values),
    log: {
      json: isOn(values, 'structured-logs'),
      level: isOn(values, 'quiet') ? 'ERROR' : isOn(values, 'debug-logs') ? 'DEBUG' : 'INFO',
    },
    telemetry: { metrics: !isOn(values, 'disable-metrics'), traces: !isOn(values, 'disable-traces') },
    guard: values['require-local-secret']
      ? { secretFile: values['require-local-secret'].value }
      : isOn(values, 'require-same-user')
        ? 'SAME_USER'
        : undefined,
    connectionTest: isOn(values, 'run-connection-test'),
    skipFailed: isOn(values, 'skip-failed-instance-config'),
    minDelayMs: values['min-sigterm-delay']?.value ?? 0,
    maxDelayMs: values['max-sigterm-delay']?.value ?? 0,
    exitZeroOnSigterm: isOn(values, 'exit-zero-on-sigterm'),
    readyFile: values['ready-file']?.value,
    exposed: (['token', 'login-token', 'json-credentials'] as const).filter((name) => name in line.flags),
  };
}

/** What is said of an instance beats what is said of all. */
function instanceConfig({ instance, values: own }: NamedInstance, all: Values): InstanceConfig {
  return {
    instance,
    ipType: ipType(own, all),
    iam: (own['auto-iam-authn'] ?? all['auto-iam-authn'])?.value ?? false,
    place: place(own, all),
    maxConnections: own['max-connections']?.value ?? 0,
  };
}

/** A path that an instance chooses takes the place of the global one; one that it declines takes that away. */
function ipType(own: Values, all: Values): IpType | readonly IpType[] | undefined {
  const names = ['private-ip', 'public-ip', 'psc', 'auto-ip'] as const;
  const chooses = names.some((name) => own[name]?.value);
  const flags = names.map((name) => (chooses ? own[name] : (own[name] ?? all[name]))?.value ?? false);
  const [privateIp = false, publicIp = false, psc = false, autoIp = false] = flags;
  return ipTypeOf({ privateIp, publicIp, psc, autoIp });
}

function place(own: Values, all: Values): Place {
  const mode = (own['unix-socket-mode'] ?? all['unix-socket-mode'])?.value ?? 0o600;
  if (own['unix-socket-path']) return { kind: 'SOCKET', path: own['unix-socket-path'].value, mode };
  const folder = own.address || own.port ? undefined : (own['unix-socket'] ?? all['unix-socket']);
  if (folder) return { kind: 'SOCKET_IN', folder: folder.value, mode };
  const address = (own.address ?? all.address)?.value ?? '127.0.0.1';
  // As in Google's proxies, zero is as good as nothing.
  return { kind: 'TCP', address, port: own.port?.value || undefined };
}

/** @throws UsageError where two instances want one place, or something was said that concerns none of them */
function checkPlaces(instances: readonly InstanceConfig[], values: Values): void {
  const taken = new Map<string, string>();
  for (const { instance, place } of instances) {
    const at =
      place.kind === 'SOCKET' ? place.path : place.kind === 'TCP' && place.port && `${place.address}:${place.port}`;
    if (!at) continue;
    const other = taken.get(at);
    if (other)
      throw new UsageError(`${other} and ${instance.id} are both to be served at ${at}`, 'Change one of them.');
    taken.set(at, instance.id);
  }
  const { 'unix-socket-mode': mode, 'require-local-secret': secret, 'require-same-user': sameUser } = values;
  if (mode && instances.every(({ place }) => place.kind === 'TCP')) {
    throw new UsageError(`${mode.source} would be ignored: no instance has a Unix socket`, 'Add --unix-socket.');
  }
  if (secret && !instances.some(({ place, iam }) => place.kind === 'TCP' && iam)) {
    const remedy =
      'Leave it out: Unix sockets have permissions, and without IAM the password of the database protects it.';
    throw new UsageError(`${secret.source} would be ignored: no instance is served on TCP with IAM`, remedy);
  }
  if (sameUser?.value && instances.every(({ place }) => place.kind !== 'TCP')) {
    const remedy = 'Leave it out: a Unix socket is protected by its permissions.';
    throw new UsageError(`${sameUser.source} would be ignored: no instance is served on TCP`, remedy);
  }
  if (sameUser?.value && process.platform !== 'linux') {
    throw new UsageError(`${sameUser.source} works on Linux only`, 'Use --require-local-secret.');
  }
}

function http(values: Values): ProxyConfig['http'] {
  const health = isOn(values, 'health-check');
  const metrics = isOn(values, 'prometheus') ? { namespace: values['prometheus-namespace']?.value } : undefined;
  if (!health && !metrics) return undefined;
  return {
    host: values['http-address']?.value ?? 'localhost',
    port: values['http-port']?.value ?? defaultPorts.http,
    health,
    metrics,
    backendCheck: isOn(values, 'with-backend-check'),
  };
}

function admin(values: Values): ProxyConfig['admin'] {
  const [quit, debug] = [isOn(values, 'quitquitquit'), isOn(values, 'debug')];
  return quit || debug ? { port: values['admin-port']?.value ?? defaultPorts.admin, quit, debug } : undefined;
}
