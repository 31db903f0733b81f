import { createHash } from 'node:crypto';
import type { AddressType } from '../instance.ts';
import type { InstanceName } from '../instance-name.ts';

/** The DNS names of an instance, by the kind of address that each leads to. */
export interface InstanceDnsNames {
  readonly PRIMARY?: string;
  readonly PRIVATE?: string;
  readonly PSC?: string;
}

const SUFFIXES = { PRIMARY: 'sql.goog', PRIVATE: 'sql-psa.goog', PSC: 'sql-psc.goog' } as const;

/**
 * The names that Google gives instances: two labels that say nothing, region, and a suffix for the kind of address.
 * AlloyDB names only its PSC endpoints.
 */
export function instanceDnsNames(name: InstanceName, types: readonly AddressType[]): InstanceDnsNames {
  const labels = `${label(name.connectionName)}.${label(name.project)}.${name.region}`;
  const isAlloyDb = name.service === 'alloydb';
  return Object.fromEntries(
    types
      .filter((type) => !isAlloyDb || type === 'PSC')
      .map((type) => [type, `${labels}.${isAlloyDb ? 'alloydb-psc.goog' : SUFFIXES[type]}`]),
  );
}

/** The same as they stand in the certificate of the server. Those of Cloud SQL are absolute there: they end with a dot. */
export function certificateDnsNames(name: InstanceName, types: readonly AddressType[]): readonly string[] {
  const names = Object.values(instanceDnsNames(name, types));
  return name.service === 'alloydb' ? names : names.map((each) => `${each}.`);
}

/** The name of the PSC endpoint that an instance has, or would have. */
export function pscDnsName(name: InstanceName): string {
  return instanceDnsNames(name, ['PSC']).PSC!;
}

function label(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
