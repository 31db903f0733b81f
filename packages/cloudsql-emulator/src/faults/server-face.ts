import type { Instance } from '../instance.ts';
import { certificateName } from '../instance-name.ts';
import { checkKeys, checkRecord, checkText, invalid } from '../option-checks.ts';
import { CertificateAuthority } from '../pki/certificate-authority.ts';
import { loadX509 } from '../pki/x509-library.ts';

/** What is wrong with the TLS server of an instance. */
export interface ServerFault {
  /** Common name in its certificate; `project:instance` would be right. */
  readonly commonName?: string;
  /** Its certificate expired an hour ago. */
  readonly expired?: boolean;
  /** The only TLS version that it speaks. */
  readonly tlsVersion?: 'TLSv1.2' | 'TLSv1.3';
}

const HOUR_MS = 3_600_000;

/** Gives an instance the TLS server that a fault asks for, or the right one again. @throws EmulatorError `INVALID_OPTION` */
export async function changeFace(instance: Instance, fault: ServerFault | undefined): Promise<void> {
  const { commonName = certificateName(instance.name), expired, tlsVersion } = checkFault(fault ?? {}, 'faults.server');
  const ago = (ms: number): Date => new Date(Date.now() - ms);
  instance.identity = await instance.serverAuthority.issueServer(
    commonName,
    undefined,
    expired ? { notBefore: ago(2 * HOUR_MS), notAfter: ago(HOUR_MS) } : undefined,
  );
  instance.tlsVersion = tlsVersion;
}

/** Gives an instance a new authority and a certificate of that; the old authority vouches for it no more. */
export async function rotateServerAuthority(instance: Instance): Promise<void> {
  const { commonName } = instance.serverAuthority;
  instance.serverAuthority = await CertificateAuthority.create(await loadX509(), commonName);
  await changeFace(instance, undefined);
}

function checkFault(value: unknown, where: string): ServerFault {
  const record = checkRecord(value, where);
  const { commonName, expired, tlsVersion } = checkKeys(record, where, ['commonName', 'expired', 'tlsVersion']);
  if (commonName !== undefined) checkText(commonName, `${where}.commonName`);
  if (expired !== undefined && typeof expired !== 'boolean') invalid(`${where}.expired`, 'must be a boolean', expired);
  if (tlsVersion !== undefined && tlsVersion !== 'TLSv1.2' && tlsVersion !== 'TLSv1.3') {
    invalid(`${where}.tlsVersion`, "must be 'TLSv1.2' or 'TLSv1.3'", tlsVersion);
  }
  return { ...record };
}
