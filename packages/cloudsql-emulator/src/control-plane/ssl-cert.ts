import { X509Certificate } from 'node:crypto';
import type { CertificateAuthority } from '../pki/certificate-authority.ts';
import type { ClientCertificate } from '../pki/client-certificates.ts';

/** Returns the admin API's description of an instance's certificate authority. */
export function authorityResource(authority: CertificateAuthority, instance: string): object {
  return {
    kind: 'sql#sslCert',
    certSerialNumber: '0',
    cert: authority.pem,
    commonName: `C=US,O=Google\\, Inc,CN=${authority.commonName}`,
    sha1Fingerprint: fingerprint(authority.pem),
    instance,
    createTime: authority.notBefore.toISOString(),
    expirationTime: authority.notAfter.toISOString(),
  };
}

/** Returns the admin API's description of an ephemeral certificate. */
export function certificateResource(certificate: ClientCertificate, instance: string): object {
  return {
    kind: 'sql#sslCert',
    certSerialNumber: BigInt(`0x${certificate.serial}`).toString(),
    cert: certificate.pem,
    commonName: 'Google Cloud SQL Client',
    sha1Fingerprint: fingerprint(certificate.pem),
    instance,
    createTime: certificate.notBefore.toISOString(),
    expirationTime: certificate.notAfter.toISOString(),
  };
}

function fingerprint(pem: string): string {
  return new X509Certificate(pem).fingerprint.replaceAll(':', '').toLowerCase();
}
