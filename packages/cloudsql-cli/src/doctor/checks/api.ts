import { type Examination, withinTime } from '../examination.ts';
import type { Finding } from '../steps.ts';

/** Asks the admin API for what connections need, once. What it answers is about credentials, roles and the instance, too. */
export function askApi(examination: Examination): Promise<void> {
  const ask = async (): Promise<void> => {
    const { adminApi } = await import('@x/cloudsql-core/diagnostics');
    const { connector, instance } = examination;
    const path = instance.service === 'alloydb' ? '/connectionInfo' : '/connectSettings';
    await adminApi(connector, { instance: instance.id, path, signal: withinTime(examination) });
  };
  examination.asked ??= ask();
  return examination.asked;
}

/** Looks whether the admin API is enabled. */
export async function checkApi(examination: Examination): Promise<Finding> {
  await askApi(examination);
  return { status: 'OK', found: `${examination.apiHost} is enabled` };
}

/** Looks whether the principal gets metadata and a certificate, as a connection does. */
export async function checkRoles(examination: Examination): Promise<Finding> {
  const { instanceFacts } = await import('@x/cloudsql-core/diagnostics');
  const { connector, target, timeoutMs, instance } = examination;
  const { database: _, connection } = target;
  const facts = await instanceFacts(connector, { ...withPassword(connection), timeoutMs });
  examination.facts = facts;
  const roles =
    instance.service === 'alloydb' ? 'alloydb.client, serviceusage.serviceUsageConsumer' : 'cloudsql.client';
  return { status: 'OK', found: `a certificate was issued until ${facts.expiresAt.toISOString()} (${roles})` };
}

/** The connection, with a password in it where a built-in user has brought none: nothing here needs it. */
export function withPassword<T extends { readonly authType?: string; readonly user?: string }>(connection: T): T {
  if (connection.authType !== 'PASSWORD' || 'password' in connection) return connection;
  return { ...connection, user: connection.user ?? 'nobody', password: 'none' };
}
