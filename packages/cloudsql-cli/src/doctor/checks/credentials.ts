import type { CredentialsExplanation } from '@x/cloudsql-core';
import { shellQuote } from '../../cli/shell-quote.ts';
import { type Examination, withinTime } from '../examination.ts';
import { lacksScope } from '../lacks-scope.ts';
import type { Finding } from '../steps.ts';
import { askApi } from './api.ts';

/** Looks whether there are credentials, whose they are, and what their tokens may do. */
export async function checkCredentials(examination: Examination): Promise<Finding> {
  const { connector, instance, iam } = examination;
  const found = await connector.explainCredentials({ instance: instance.id, signal: withinTime(examination) });
  examination.credentials = found;
  const refusal = await askApi(examination).catch((error: Error) => error);
  // Not every source tells the scopes of its tokens; the API does, of those that it refuses.
  if (refusal && lacksScope(refusal)) throw refusal;
  const evidence = `from ${found.source}`;
  if (iam && found.loginTokenNarrowed === 'NO' && found.note) {
    return {
      status: 'WARNING',
      found: `${summary(found)}; the login token opens more than databases`,
      evidence,
      ...remedyOf(found.note),
    };
  }
  if (found.kind === 'authorized_user' && found.quotaProject === undefined) {
    return {
      status: 'WARNING',
      found: `${summary(found)}; nobody's quota is used`,
      evidence: `${evidence}, which names no quota project`,
      remedy: [`gcloud auth application-default set-quota-project ${shellQuote(instance.project)}`],
    };
  }
  return { status: 'OK', found: summary(found), evidence };
}

function summary({ kind, principal, impersonates, quotaProject, apiScopes }: CredentialsExplanation): string {
  const who = principal ?? 'a principal without an e-mail address';
  const parts = [`${who} (${kind.replaceAll('_', ' ')})`];
  if (impersonates.length > 0) parts.push('by impersonation');
  if (quotaProject) parts.push(`quota of ${quotaProject}`);
  const names = apiScopes?.map((scope) => scope.slice(scope.lastIndexOf('/') + 1));
  if (names) parts.push(`scope ${names.join(', ')}`);
  return parts.join(', ');
}

/** A note holds its command between backticks. */
function remedyOf(note: string): Pick<Finding, 'remedy' | 'advice'> {
  const command = /`(gcloud [^`]+)`/.exec(note)?.[1];
  return command === undefined ? { advice: note } : { remedy: [command] };
}
