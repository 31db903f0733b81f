import type { InstanceName } from '../instance-name.ts';
import type { AlternativeNames, ServerIdentity } from './certificate-authority.ts';
import { CertificateAuthority } from './certificate-authority.ts';
import { ClientCertificates } from './client-certificates.ts';
import { loadX509 } from './x509-library.ts';

/** The certificates of one instance, on both sides. */
export interface InstancePki {
  readonly serverAuthority: CertificateAuthority;
  /** Issues the certificates of its clients, and knows them. */
  readonly certificates: ClientCertificates;
}

/** All authorities of one emulator. Keys and certificates are fresh. */
export class Pki {
  readonly #create: Create;
  readonly #clusters = new Map<string, Promise<InstancePki>>();
  /** Signs the certificate of the control plane, which is also for captured hosts. */
  readonly capturingAuthority: CertificateAuthority;
  readonly captured: ServerIdentity;
  /** Issues the certificates of all clients of Cloud SQL. */
  readonly cloudSqlClients: ClientCertificates;

  private constructor(
    create: Create,
    capturing: CertificateAuthority,
    captured: ServerIdentity,
    clients: ClientCertificates,
  ) {
    this.#create = create;
    this.capturingAuthority = capturing;
    this.captured = captured;
    this.cloudSqlClients = clients;
  }

  static async create(names: AlternativeNames): Promise<Pki> {
    const x509 = await loadX509();
    const create = (commonName: string): Promise<CertificateAuthority> => CertificateAuthority.create(x509, commonName);
    const capturing = await create('Cloud SQL Emulator CA');
    const captured = await capturing.issueServer('Cloud SQL Emulator', names);
    const clients = new ClientCertificates(await create('Google Cloud SQL Client CA'), {
      commonName: 'Google Cloud SQL Client',
    });
    return new Pki(create, capturing, captured, clients);
  }

  /** The certificates of an instance: its own, or those of its AlloyDB cluster. */
  of(name: InstanceName): Promise<InstancePki> {
    if (name.service === 'cloud-sql') return cloudSqlPki(this.#create, this.cloudSqlClients);
    return this.ofCluster(name.certificateScope);
  }

  /** The certificates of an AlloyDB cluster. */
  ofCluster(name: string): Promise<InstancePki> {
    const cluster = this.#clusters.get(name) ?? clusterPki(this.#create);
    this.#clusters.set(name, cluster);
    return cluster;
  }
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
