import type { ConnectorOptions } from '@x/cloudsql-core';
import type { Command } from 'commander';
import { booleanOption } from './go-arguments.ts';
import { UsageError } from './usage-error.ts';

/** The flags that all commands share, as commander spells them: who connects, and by which of Google's APIs. */
export interface ConnectorFlags {
  readonly credentialsFile?: string;
  readonly jsonCredentials?: string;
  readonly token?: string;
  readonly loginToken?: string;
  readonly gcloudAuth?: boolean;
  readonly impersonateServiceAccount?: string;
  readonly quotaProject?: string;
  readonly universeDomain?: string;
  readonly sqladminApiEndpoint?: string;
  readonly alloydbadminApiEndpoint?: string;
  readonly userAgent?: string;
}

/** The flags that say by which address an instance is reached. */
export interface PathFlags {
  readonly privateIp?: boolean;
  readonly publicIp?: boolean;
  readonly psc?: boolean;
  readonly autoIp?: boolean;
}

/** Adds {@link ConnectorFlags} to a command. */
export function addConnectorFlags(command: Command): Command {
  return command
    .option('-c, --credentials-file <path>', 'a service account key or any other credentials file')
    .option('-j, --json-credentials <json>', 'what such a file holds (a file is better: others can read command lines)')
    .option('-t, --token <token>', 'an OAuth2 access token for the APIs')
    .option('--login-token <token>', 'an access token for IAM logins, beside --token')
    .addOption(booleanOption('-g, --gcloud-auth', 'the account that gcloud is logged in with'))
    .option('--impersonate-service-account <emails>', 'the account to act as; behind a comma the delegates')
    .option('--quota-project <project>', 'the project that API quota is charged to')
    .option('--universe-domain <domain>', 'the universe of the instances')
    .option('--sqladmin-api-endpoint <url>', 'another address of the Cloud SQL Admin API')
    .option('--alloydbadmin-api-endpoint <url>', 'another address of the AlloyDB API');
}

/** Adds {@link PathFlags} to a command. */
export function addPathFlags(command: Command): Command {
  return command
    .addOption(booleanOption('--private-ip', 'use the private address (of AlloyDB it is the default)'))
    .addOption(booleanOption('--public-ip', 'use the public address (of Cloud SQL it is the default)'))
    .addOption(booleanOption('--psc', 'use Private Service Connect'))
    .addOption(booleanOption('--auto-ip', 'use the public address if there is one, else the private one'));
}

/**
 * The options of a connector that the flags ask for.
 * @throws UsageError where two contradict each other
 */
export function connectorOptions(flags: ConnectorFlags): ConnectorOptions {
  const credentials = credentialsOf(flags);
  const [target, ...delegates] = (flags.impersonateServiceAccount ?? '').split(',').filter((email) => email !== '');
  const endpoints = { sqlAdmin: flags.sqladminApiEndpoint, alloyDb: flags.alloydbadminApiEndpoint };
  const given = Object.entries(endpoints).flatMap(([name, url]) => (url ? [[name, url.replace(/\/+$/, '')]] : []));
  return {
    ...(credentials ? { credentials } : {}),
    // Google's flag begins with the target, and goes on towards the credentials.
    ...(target ? { impersonate: { target, delegates: delegates.reverse() } } : {}),
    ...(given.length > 0 ? { endpoints: Object.fromEntries(given) } : {}),
    ...pick(flags, ['quotaProject', 'universeDomain', 'userAgent']),
  };
}

/**
 * Which type of address the flags ask for; undefined where they leave it to the service.
 * @throws UsageError where two contradict each other
 */
export function ipTypeOf(flags: PathFlags): ConnectionIpType | undefined {
  const types = { privateIp: 'PRIVATE', publicIp: 'PUBLIC', psc: 'PSC', autoIp: ['PUBLIC', 'PRIVATE'] } as const;
  const names = { privateIp: '--private-ip', publicIp: '--public-ip', psc: '--psc', autoIp: '--auto-ip' } as const;
  const [first, second] = (Object.keys(types) as (keyof PathFlags)[]).filter((name) => flags[name]);
  if (first && second) {
    throw new UsageError(`${names[first]} and ${names[second]} contradict each other`, 'Keep one of the two.');
  }
  return first && types[first];
}

type ConnectionIpType = 'PRIVATE' | 'PUBLIC' | 'PSC' | readonly ['PUBLIC', 'PRIVATE'];

function credentialsOf(flags: ConnectorFlags): ConnectorOptions['credentials'] {
  const { token, loginToken } = flags;
  const sources: readonly (readonly [string, ConnectorOptions['credentials'] | undefined])[] = [
    ['--token', token ? { accessToken: token, ...(loginToken ? { loginToken } : {}) } : undefined],
    ['--credentials-file', flags.credentialsFile ? { keyFile: flags.credentialsFile } : undefined],
    ['--json-credentials', flags.jsonCredentials ? { json: flags.jsonCredentials } : undefined],
    ['--gcloud-auth', flags.gcloudAuth ? { gcloud: true } : undefined],
  ];
  const [first, second] = sources.filter(([, source]) => source !== undefined);
  if (first && second)
    throw new UsageError(`${first[0]} and ${second[0]} contradict each other`, 'Keep one of the two.');
  if (loginToken && !token) throw new UsageError('--login-token stands alone', 'Add --token, for the APIs.');
  return first?.[1];
}

function pick<T extends object, Key extends keyof T>(from: T, keys: readonly Key[]): Partial<Pick<T, Key>> {
  return Object.fromEntries(keys.filter((key) => from[key] !== undefined).map((key) => [key, from[key]])) as Partial<
    Pick<T, Key>
  >;
}
