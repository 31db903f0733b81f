import { X509Certificate } from 'node:crypto';
import type { Instance } from '../instance.ts';
import type { ClientCertificate } from '../pki/client-certificates.ts';

/** Returns the admin API's description of what vouches for an instance's server: an authority and those above it. */
export function serverAuthorityResource({ name, pki, sharesWith }: Instance): object {
  const { serverAuthority } = pki;
  const chains = [serverAuthority.chain, sharesWith?.pki.serverAuthority.chain ?? []];
  return {
    kind: 'sql#sslCert',
    certSerialNumber: '0',
    cert: [...new Set(chains.flat())].join('\n'),
    commonName: `C=US,O=Google\\, Inc,CN=${serverAuthority.commonName}`,
    sha1Fingerprint: fingerprint(serverAuthority.pem),
    instance: name.id,
    createTime: serverAuthority.notBefore.toISOString(),
    expirationTime: serverAuthority.notAfter.toISOString(),
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
