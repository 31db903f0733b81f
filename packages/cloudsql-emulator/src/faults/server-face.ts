import type { Instance } from '../instance.ts';
import { certificateName } from '../instance-name.ts';
import { checkArray, checkKeys, checkRecord, checkText, invalid } from '../option-checks.ts';
import type { ServerIdentity } from '../pki/certificate-authority.ts';
import { CertificateAuthority } from '../pki/certificate-authority.ts';
import { loadX509 } from '../pki/x509-library.ts';

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

/** Makes a certificate for the TLS server of an instance on an address: a right one, unless a fault is set. */
export async function issueServerIdentity(instance: Instance, address: string): Promise<ServerIdentity> {
  const { name, serverAuthority, serverNames, fault = {} } = instance;
  const dns = fault.serverNames ?? serverNames;
  const ago = (ms: number): Date => new Date(Date.now() - ms);
  const life = fault.expired ? { notBefore: ago(2 * HOUR_MS), notAfter: ago(HOUR_MS) } : undefined;
  if (name.service === 'cloud-sql') {
    const commonName = fault.commonName ?? certificateName(name);
    return await serverAuthority.issueServer(commonName, dns.length > 0 ? { dns } : undefined, life);
  }
  // AlloyDB's clients compare the address. The common name, and that the root comes along, are as in Google's tests.
  const commonName = fault.commonName ?? `${name.id}.server.alloydb`;
  const { cert, key } = await serverAuthority.issueServer(commonName, { ip: [address], dns }, life);
  return { cert: `${cert}\n${serverAuthority.pem}`, key };
}

/** Gives an instance the TLS server that a fault asks for, or the right one again. @throws EmulatorError `INVALID_OPTION` */
export function changeFace(instance: Instance, fault: ServerFault | undefined): void {
  instance.fault = checkFault(fault ?? {}, 'faults.server');
}

/**
 * Gives an instance a new authority and a certificate of that; the old authority vouches for it no more.
 * @throws EmulatorError `INVALID_OPTION` for AlloyDB, where the authority is that of a whole cluster and its clients
 */
export async function rotateServerAuthority(instance: Instance): Promise<void> {
  const { name, serverAuthority } = instance;
  if (name.service === 'alloydb')
    invalid('faults.rotateServerCa', 'needs an instance of Cloud SQL', name.connectionName);
  instance.serverAuthority = await CertificateAuthority.create(await loadX509(), serverAuthority.commonName);
  changeFace(instance, undefined);
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
