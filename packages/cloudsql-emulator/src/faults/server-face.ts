import { certificateDnsNames } from '../dns/instance-names.ts';
import type { Instance } from '../instance.ts';
import { certificateName } from '../instance-name.ts';
import { checkArray, checkKeys, checkRecord, checkText, invalid } from '../option-checks.ts';
import type { ServerIdentity } from '../pki/certificate-authority.ts';

/** What is wrong with the TLS server of an instance. */
export interface ServerFault {
  /** Common name in its certificate; `project:instance` would be right. AlloyDB's clients do not look at it. */
  readonly commonName?: string;
  /** DNS names in its certificate, in place of those that it should have. */
  readonly serverNames?: readonly string[];
  /** Its certificate expired an hour ago. */
  readonly expired?: boolean;
  /** The only TLS version that it speaks. */
  readonly tlsVersion?: 'TLSv1.2' | 'TLSv1.3';
}

const HOUR_MS = 3_600_000;

/**
 * Makes a certificate for the TLS server at an address: a right one, unless a fault is set. Where several instances share
 * the address, it is of the first and for the names of all.
 */
export async function issueServerIdentity(instances: readonly Instance[], address: string): Promise<ServerIdentity> {
  const [first] = instances as readonly [Instance];
  const { name, pki, serverCaMode } = first;
  const fault = faultOf(instances);
  const authority = pki.serverAuthority;
  const ago = (ms: number): Date => new Date(Date.now() - ms);
  const life = fault.expired ? { notBefore: ago(2 * HOUR_MS), notAfter: ago(HOUR_MS) } : undefined;
  const isShared = instances.length > 1;
  const dns = fault.serverNames ?? instances.flatMap((each) => (isShared ? allNames(each) : each.serverNames));
  if (name.service === 'alloydb') {
    // AlloyDB's clients compare the address. The common name, and that the root comes along, are as in Google's tests.
    const commonName = fault.commonName ?? `${name.id}.server.alloydb`;
    const { cert, key } = await authority.issueServer(commonName, { ip: [address], dns }, life);
    return { cert: `${cert}\n${authority.pem}`, key };
  }
  const isPooled = serverCaMode !== 'GOOGLE_MANAGED_INTERNAL_CA';
  const commonName = fault.commonName ?? (isPooled ? '' : certificateName(name));
  const { cert, key } = await authority.issueServer(commonName, dns.length > 0 ? { dns } : undefined, life);
  // The root is never sent; a client has it or has it not.
  return { cert: [cert, ...authority.chain.slice(0, -1)].join('\n'), key };
}

/** What is wrong with the TLS server of instances that share an address: what is wrong with any of them. */
export function faultOf(instances: readonly Instance[]): ServerFault {
  return Object.assign({}, ...instances.map(({ fault }) => fault));
}

function allNames({ name, serverNames }: Instance): readonly string[] {
  return [...new Set([...serverNames, ...certificateDnsNames(name, ['PRIMARY', 'PRIVATE', 'PSC'])])];
}

/** Gives an instance the TLS server that a fault asks for, or the right one again. @throws EmulatorError `INVALID_OPTION` */
export function changeFace(instance: Instance, fault: ServerFault | undefined): void {
  instance.fault = checkFault(fault ?? {}, 'faults.server');
}

function checkFault(value: unknown, where: string): ServerFault {
  const record = checkRecord(value, where);
  const { commonName, serverNames, expired, tlsVersion } = checkKeys(record, where, [
    'commonName',
    'serverNames',
    'expired',
    'tlsVersion',
  ]);
  for (const name of checkArray(serverNames ?? [], `${where}.serverNames`)) checkText(name, `${where}.serverNames`);
  if (commonName !== undefined) checkText(commonName, `${where}.commonName`);
  if (expired !== undefined && typeof expired !== 'boolean') invalid(`${where}.expired`, 'must be a boolean', expired);
  if (tlsVersion !== undefined && tlsVersion !== 'TLSv1.2' && tlsVersion !== 'TLSv1.3') {
    invalid(`${where}.tlsVersion`, "must be 'TLSv1.2' or 'TLSv1.3'", tlsVersion);
  }
  return { ...record };
}
