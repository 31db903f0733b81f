import { readFileSync } from 'node:fs';
import type { ConnectorOptions } from '@x/cloudsql-core';
import { connectorOptions } from '../../cli/connector-flags.ts';
import type { CliContext } from '../../cli/context.ts';
import { UsageError } from '../../cli/usage-error.ts';
import { version } from '../../version.ts';
import { userAgentMetadata } from './read-environment.ts';
import type { NamedInstance } from './read-instance.ts';
import type { Given } from './setting.ts';
import { isOn, type Values } from './settings.ts';

/** The options of the connector that all instances share. @throws UsageError for a file that cannot be read */
export function configuredConnector(
  values: Values,
  named: readonly NamedInstance[],
  env: CliContext['env'],
): ConnectorOptions {
  const metadata = userAgentMetadata(env);
  const product = `cloudsql-proxy/${version}${metadata ? `+${metadata}` : ''}`;
  const hasAlloyDb = named.some(({ instance }) => instance.service === 'alloydb');
  const flags = {
    credentialsFile: values['credentials-file']?.value,
    jsonCredentials: values['json-credentials']?.value,
    token: values.token?.value,
    // AlloyDB logs in with the token of the APIs where there is no other, as with Google's proxy.
    loginToken: (values['login-token'] ?? (hasAlloyDb ? values.token : undefined))?.value,
    gcloudAuth: isOn(values, 'gcloud-auth') || undefined,
    impersonateServiceAccount: values['impersonate-service-account']?.value,
    quotaProject: values['quota-project']?.value,
    universeDomain: values['universe-domain']?.value,
    sqladminApiEndpoint: values['sqladmin-api-endpoint']?.value,
    alloydbadminApiEndpoint: values['alloydbadmin-api-endpoint']?.value,
    userAgent: [product, values['user-agent']?.value].filter(Boolean).join(' '),
  };
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  const { 'static-connection-info': info, 'allowed-projects': projects } = values;
  return {
    ...connectorOptions(given),
    ...(isOn(values, 'lazy-refresh') ? { refresh: 'LAZY' } : {}),
    ...(info ? { alloyDbStaticInfo: objectIn(info) } : {}),
    ...(projects ? { allowedProjects: projects.value.split(',').map((project) => project.trim()) } : {}),
  };
}

function objectIn(given: Given<string>): object {
  const text = textOf(given);
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document === 'object' && document !== null && !Array.isArray(document)) return document;
  } catch {
    // What the parser says would quote the file, which holds a private key.
  }
  throw new UsageError(`${given.source}: ${given.value} is no JSON object`, 'Write it anew.');
}

function textOf({ value: file, source }: Given<string>): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${source}: the file cannot be read: ${(error as Error).message}`, 'Correct its path.');
  }
}
