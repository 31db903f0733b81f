import type { AddressType, InstanceAddress } from '../instance.ts';
import { checkArray, checkKeys, checkRecord, invalid } from '../option-checks.ts';

/** What the admin API says wrongly of an instance. */
export interface MetadataFault {
  /** Region that is named in place of the instance's own. */
  readonly region?: string;
  /** Addresses that are left out. */
  readonly withoutAddresses?: readonly AddressType[];
  /** Text in place of the certificate of the server's authority. */
  readonly serverCa?: string;
  /** State in place of `RUNNABLE`, of AlloyDB `READY`: `SUSPENDED`, `MAINTENANCE`, `STOPPED`, … */
  readonly state?: string;
  /** `NEVER` is said of an instance that was stopped. Cloud SQL only. */
  readonly activationPolicy?: 'ALWAYS' | 'NEVER';
  /** Value of the database flag for IAM logins. */
  readonly iamAuthentication?: 'on' | 'off';
  /** What is said of clients without TLS, for example `ALLOW_UNENCRYPTED_AND_ENCRYPTED`. */
  readonly sslMode?: string;
}

/** What is said of an instance apart from what connections need. */
export type InstanceDescription = Pick<MetadataFault, 'state' | 'activationPolicy' | 'iamAuthentication' | 'sslMode'>;

const TEXTS = ['region', 'serverCa', 'state', 'activationPolicy', 'iamAuthentication', 'sslMode'] as const;
const CHOICES = { activationPolicy: ['ALWAYS', 'NEVER'], iamAuthentication: ['on', 'off'] } as const;

/** Metadata, as far as it can be wrong. */
interface Metadata {
  readonly region: string;
  readonly ipAddresses: readonly InstanceAddress[];
  readonly serverCaCert: object;
}

/** The lies about instances, by connection name. */
export class MetadataFaults {
  readonly #faults = new Map<string, MetadataFault>();

  /** @throws EmulatorError `INVALID_OPTION` */
  set(instance: string, fault: MetadataFault | undefined): void {
    if (fault === undefined) this.#faults.delete(instance);
    else this.#faults.set(instance, checkFault(fault, 'faults.metadata'));
  }

  clear(): void {
    this.#faults.clear();
  }

  /** What is said wrongly of an instance apart from what connections need. */
  descriptionOf(instance: string): InstanceDescription {
    return this.#faults.get(instance) ?? {};
  }

  /** Returns what is said of an instance: the truth, unless a fault is set. */
  apply<T extends Metadata>(instance: string, truth: T): T {
    const fault = this.#faults.get(instance);
    if (!fault) return truth;
    const { region = truth.region, withoutAddresses = [], serverCa } = fault;
    return {
      ...truth,
      region,
      ipAddresses: truth.ipAddresses.filter(({ type }) => !withoutAddresses.includes(type)),
      serverCaCert: serverCa === undefined ? truth.serverCaCert : { ...truth.serverCaCert, cert: serverCa },
    };
  }
}

function checkFault(value: unknown, where: string): MetadataFault {
  const record = checkRecord(value, where);
  const { withoutAddresses, ...texts } = checkKeys(record, where, ['withoutAddresses', ...TEXTS]);
  for (const [name, text] of Object.entries(texts)) {
    if (text !== undefined && typeof text !== 'string') invalid(`${where}.${name}`, 'must be a string', text);
  }
  for (const [name, choices] of Object.entries(CHOICES)) {
    const given = record[name];
    if (given !== undefined && !choices.some((choice) => choice === given)) {
      invalid(`${where}.${name}`, `must be one of ${choices.join(', ')}`, given);
    }
  }
  for (const type of checkArray(withoutAddresses ?? [], `${where}.withoutAddresses`)) {
    if (type !== 'PRIMARY' && type !== 'PRIVATE' && type !== 'PSC') {
      invalid(`${where}.withoutAddresses`, "must hold 'PRIMARY', 'PRIVATE' or 'PSC'", type);
    }
  }
  return { ...record };
}
