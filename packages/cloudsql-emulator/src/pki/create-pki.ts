import { certificateName } from '../instance-name.ts';
import type { ResolvedInstance } from '../resolve-options.ts';
import type { ServerIdentity } from './certificate-authority.ts';
import { CertificateAuthority } from './certificate-authority.ts';
import { loadX509 } from './x509-library.ts';

/** All authorities and server certificates of one emulator. */
export interface Pki {
  /** Signs ephemeral client certificates. */
  readonly clientAuthority: CertificateAuthority;
  /** One authority and one server certificate for each instance, in their order. */
  readonly servers: readonly { readonly serverAuthority: CertificateAuthority; readonly identity: ServerIdentity }[];
  /** Signs the certificate for captured `https` hosts. */
  readonly capturingAuthority: CertificateAuthority;
  readonly captured: ServerIdentity;
}

/** Makes fresh keys and certificates. */
export async function createPki(
  instances: readonly ResolvedInstance[],
  capturedNames: readonly string[],
): Promise<Pki> {
  const x509 = await loadX509();
  const clientAuthority = await CertificateAuthority.create(x509, 'Google Cloud SQL Client CA');
  const capturingAuthority = await CertificateAuthority.create(x509, 'Cloud SQL Emulator CA');
  return {
    clientAuthority,
    capturingAuthority,
    captured: await capturingAuthority.issueServer('Captured Google APIs', capturedNames),
    servers: await Promise.all(
      instances.map(async ({ name }) => {
        const serverAuthority = await CertificateAuthority.create(x509, 'Google Cloud SQL Server CA');
        return { serverAuthority, identity: await serverAuthority.issueServer(certificateName(name)) };
      }),
    ),
  };
}
