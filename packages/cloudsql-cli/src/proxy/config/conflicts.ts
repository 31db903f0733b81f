import { UsageError } from '../../cli/usage-error.ts';
import type { NamedInstance } from './read-instance.ts';
import type { Given } from './setting.ts';
import { type SettingName, settingNames, settingOf, type Values } from './settings.ts';

/** Of each of these lists one may be set. */
const rivals: readonly (readonly SettingName[])[] = [
  ['token', 'credentials-file', 'json-credentials', 'gcloud-auth'],
  ['private-ip', 'public-ip', 'psc', 'auto-ip'],
  ['address', 'unix-socket'],
  ['port', 'unix-socket'],
  ['sqladmin-api-endpoint', 'universe-domain'],
  ['impersonate-service-account', 'token'],
  ['quiet', 'debug-logs'],
  ['require-local-secret', 'require-same-user'],
];

/** The same of the parameters of one instance. */
const rivalParameters: readonly (readonly SettingName[])[] = [
  ['private-ip', 'public-ip', 'psc', 'auto-ip'],
  ['unix-socket', 'unix-socket-path'],
  ...(['address', 'port'] as const).flatMap((tcp) =>
    (['unix-socket', 'unix-socket-path', 'unix-socket-mode'] as const).map((socket) => [tcp, socket]),
  ),
];

/** What has no effect without one of the others, and would be ignored. */
const partners: readonly (readonly [SettingName, readonly SettingName[]])[] = [
  ['http-port', ['health-check', 'prometheus']],
  ['http-address', ['health-check', 'prometheus']],
  ['with-backend-check', ['health-check']],
  ['prometheus-namespace', ['prometheus']],
  ['admin-port', ['quitquitquit', 'debug']],
];

/** Whether a setting was given, and not as off. */
function isOn(given: Given<unknown> | undefined): given is Given<unknown> {
  return given !== undefined && given.value !== false;
}

/** @throws UsageError for what this proxy cannot do */
export function checkRefused(values: Values): void {
  for (const name of settingNames) {
    const given: Given<unknown> | undefined = values[name];
    const { verdict, help } = settingOf(name);
    if (verdict === 'REFUSED' && isOn(given)) throw new UsageError(`${given.source} cannot be used`, help);
  }
}

/** @throws UsageError for two settings that contradict each other, or one that would be ignored */
export function checkValues(values: Values): void {
  checkRefused(values);
  for (const names of rivals) checkRivals(names, values);
  for (const [name, others] of partners) {
    const given: Given<unknown> | undefined = values[name];
    if (!isOn(given) || others.some((other) => isOn(values[other]))) continue;
    const needed = others.map((other) => `--${other}`).join(' or ');
    throw new UsageError(`${given.source} would be ignored`, `Add ${needed}, or leave it out.`);
  }
}

/** @throws UsageError for two parameters of an instance that contradict each other */
export function checkParameters(values: Values): void {
  checkRefused(values);
  for (const names of rivalParameters) checkRivals(names, values);
}

/**
 * Checks what only the instances together with the global settings show.
 * @throws UsageError
 */
export function checkInstances(values: Values, instances: readonly NamedInstance[]): void {
  const withIam = instances.filter(({ values: own }) => (own['auto-iam-authn'] ?? values['auto-iam-authn'])?.value);
  const { token, 'login-token': loginToken } = values;
  if (loginToken && withIam.length === 0) {
    throw new UsageError(`${loginToken.source} would be ignored`, 'Add --auto-iam-authn, or leave it out.');
  }
  if (loginToken && !token) throw new UsageError(`${loginToken.source} stands alone`, 'Add --token, for the APIs.');
  const needy = withIam.find(({ instance }) => instance.service !== 'alloydb');
  if (token && !loginToken && needy) {
    throw new UsageError(
      `${token.source} is for the APIs, and ${needy.instance.id} logs in with IAM`,
      'Add --login-token, a token of the scope https://www.googleapis.com/auth/sqlservice.login.',
    );
  }
}

function checkRivals(names: readonly SettingName[], values: Values): void {
  const [first, second] = names.map((name): Given<unknown> | undefined => values[name]).filter(isOn);
  if (first && second) {
    throw new UsageError(
      `${first.source} and ${lowerFirst(second.source)} contradict each other`,
      'Keep one of the two.',
    );
  }
}

function lowerFirst(source: string): string {
  return source.startsWith('The ') ? `t${source.slice(1)}` : source;
}
