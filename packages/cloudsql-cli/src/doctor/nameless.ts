import { shellQuote } from '../cli/shell-quote.ts';
import { type Finding, type StepReport, stepNames } from './steps.ts';

/** What is wrong with a DNS name that leads to no instance, by core's codes. */
const findings: Readonly<Record<string, (name: string) => Pick<Finding, 'found' | 'remedy' | 'advice'>>> = {
  CLOUDSQL_DNS_NO_INSTANCE: (name) => ({
    found: `the DNS name ${name} leads to no instance`,
    remedy: [
      `gcloud dns record-sets create ${shellQuote(`${name}.`)} --zone=ZONE --type=TXT --ttl=300 --rrdatas='"PROJECT:REGION:INSTANCE"'`,
    ],
  }),
  CLOUDSQL_DNS_LOOP: (name) => ({
    found: `the DNS name ${name} leads in a circle`,
    advice: 'Correct its CNAME, or that of a name on the way.',
  }),
  CLOUDSQL_DNS_FAILED: (name) => ({
    found: `DNS gives no answer about ${name}`,
    advice: 'Look at the DNS servers of this machine, and whether they can be reached.',
  }),
};

/** Reports a DNS name that leads to no instance: then there is nothing else to look at. @throws what is something else */
export function nameless(error: unknown, name: string): readonly StepReport[] {
  const { code = '', message } = error as Error & { readonly code?: string };
  const finding = findings[code];
  if (!finding) throw error;
  return stepNames.map(
    (step): StepReport =>
      step === 'dns'
        ? { step, status: 'FAILED', evidence: `${code}: ${message}`, ...finding(name), durationMs: 0 }
        : { step, status: 'SKIPPED', found: 'not looked at: dns comes first', durationMs: 0 },
  );
}
