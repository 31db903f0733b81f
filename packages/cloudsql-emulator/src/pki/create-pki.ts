import type { ResolvedInstance } from '../resolve-options.ts';
import type { ServerIdentity } from './certificate-authority.ts';
import { CertificateAuthority } from './certificate-authority.ts';
import { ClientCertificates } from './client-certificates.ts';
import { loadX509 } from './x509-library.ts';

/** All authorities and server certificates of one emulator. */
export interface Pki {
  /** What each instance has, in their order. */
  readonly instances: readonly InstancePki[];
  /** Signs the certificate for captured `https` hosts. */
  readonly capturingAuthority: CertificateAuthority;
  readonly captured: ServerIdentity;
  /** Issues the certificates of all clients of Cloud SQL. */
  readonly cloudSqlClients: ClientCertificates;
}

/** The certificates of one instance, on both sides. */
export interface InstancePki {
  readonly serverAuthority: CertificateAuthority;
  /** Issues the certificates of its clients, and knows them. */
  readonly certificates: ClientCertificates;
}

/** Makes fresh keys and certificates. */
export async function createPki(
  instances: readonly ResolvedInstance[],
  capturedNames: readonly string[],
): Promise<Pki> {
  const x509 = await loadX509();
  const create = (commonName: string): Promise<CertificateAuthority> => CertificateAuthority.create(x509, commonName);
  const capturingAuthority = await create('Cloud SQL Emulator CA');
  const clients = new ClientCertificates(await create('Google Cloud SQL Client CA'), {
    commonName: 'Google Cloud SQL Client',
  });
  const clusters = new Map<string, Promise<InstancePki>>();
  return {
    capturingAuthority,
    cloudSqlClients: clients,
    captured: await capturingAuthority.issueServer('Captured Google APIs', { dns: capturedNames }),
    instances: await Promise.all(
      instances.map(({ name }) => {
        if (name.service === 'cloud-sql') return cloudSqlPki(create, clients);
        const cluster = clusters.get(name.certificateScope) ?? clusterPki(create);
        clusters.set(name.certificateScope, cluster);
        return cluster;
      }),
    ),
  };
}

type Create = (commonName: string) => Promise<CertificateAuthority>;

/** An authority for each instance. */
async function cloudSqlPki(create: Create, certificates: ClientCertificates): Promise<InstancePki> {
  return { serverAuthority: await create('Google Cloud SQL Server CA'), certificates };
}

/**
 * One root for the whole cluster, as its certificates are good for every instance in it: above the servers, and above
 * an authority for clients. The names are those of Google's test material.
 */
async function clusterPki(create: Create): Promise<InstancePki> {
  const root = await create('root.alloydb');
  const clientAuthority = await root.createIntermediate('client.alloydb');
  const certificates = new ClientCertificates(clientAuthority, {
    commonName: 'Google AlloyDB Client',
    issuerPems: [clientAuthority.pem, root.pem],
  });
  return { serverAuthority: root, certificates };
}
