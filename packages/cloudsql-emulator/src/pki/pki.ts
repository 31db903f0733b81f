import type { InstanceName } from '../instance-name.ts';
import type { ServerIdentity } from './certificate-authority.ts';
import { CertificateAuthority } from './certificate-authority.ts';
import type { AlternativeNames } from './certificate-encoding.ts';
import { ClientCertificates } from './client-certificates.ts';
import { loadX509 } from './x509-library.ts';

/** The certificates of one instance, on both sides. */
export interface InstancePki {
  /** Signs the server's certificate; a rotation replaces it. */
  serverAuthority: CertificateAuthority;
  /** Issues the certificates of its clients, and knows them. */
  readonly certificates: ClientCertificates;
}

/** All authorities of one emulator. Keys and certificates are fresh. */
export class Pki {
  readonly #create: Create;
  readonly #pools = new Map<string, Promise<CertificateAuthority>>();
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
    const clients = new ClientCertificates(await create(CLIENT_CA), 'Google Cloud SQL Client');
    return new Pki(create, capturing, captured, clients);
  }

  /** The certificates of an instance: its own, or those of its AlloyDB cluster. */
  async of(name: InstanceName, mode: ServerCaMode): Promise<InstancePki> {
    if (name.service === 'alloydb') return await this.ofCluster(name.certificateScope);
    // Google's own pool is that of a region; nobody shares a customer's here.
    const pool = mode === 'GOOGLE_MANAGED_CAS_CA' ? name.region : name.connectionName;
    const shared = this.#pools.get(pool) ?? this.createServerAuthority(mode);
    if (mode === 'GOOGLE_MANAGED_CAS_CA') this.#pools.set(pool, shared);
    return { serverAuthority: await shared, certificates: this.cloudSqlClients };
  }

  /** Makes an authority for servers of Cloud SQL: a single one, or a subordinate in a pool. */
  async createServerAuthority(mode: ServerCaMode): Promise<CertificateAuthority> {
    switch (mode) {
      case 'GOOGLE_MANAGED_INTERNAL_CA':
        return await this.#create('Google Cloud SQL Server CA');
      case 'GOOGLE_MANAGED_CAS_CA':
        return await (await this.#create('Google Cloud SQL Root CA')).createIntermediate(
          'Google Cloud SQL Subordinate CA',
        );
      case 'CUSTOMER_MANAGED_CAS_CA':
        return await (await this.#create('Customer Root CA')).createIntermediate('Customer Subordinate CA');
    }
  }

  /** Replaces the authority of servers; those in a cluster have one together. The old one vouches for them no more. */
  async rotateServer(name: InstanceName, pki: InstancePki, mode: ServerCaMode): Promise<void> {
    pki.serverAuthority =
      name.service === 'alloydb' ? await this.#create(CLUSTER_ROOT) : await this.createServerAuthority(mode);
  }

  /** Replaces the authority of clients: of a cluster, or of all Cloud SQL. */
  async rotateClients(name: InstanceName, { certificates }: InstancePki): Promise<void> {
    const authority = await this.#create(name.service === 'alloydb' ? CLUSTER_ROOT : CLIENT_CA);
    certificates.use(name.service === 'alloydb' ? await authority.createIntermediate(CLUSTER_CLIENTS) : authority);
  }

  /** The certificates of an AlloyDB cluster. */
  ofCluster(name: string): Promise<InstancePki> {
    const cluster = this.#clusters.get(name) ?? clusterPki(this.#create);
    this.#clusters.set(name, cluster);
    return cluster;
  }
}

type Create = (commonName: string) => Promise<CertificateAuthority>;

/** How the server's certificate of a Cloud SQL instance is signed, as its admin API names it. */
export type ServerCaMode = 'GOOGLE_MANAGED_INTERNAL_CA' | 'GOOGLE_MANAGED_CAS_CA' | 'CUSTOMER_MANAGED_CAS_CA';

const CLIENT_CA = 'Google Cloud SQL Client CA';
// The names of Google's test material.
const CLUSTER_ROOT = 'root.alloydb';
const CLUSTER_CLIENTS = 'client.alloydb';

/**
 * One root for the whole cluster, as its certificates are good for every instance in it: above the servers, and above
 * an authority for clients.
 */
async function clusterPki(create: Create): Promise<InstancePki> {
  const root = await create(CLUSTER_ROOT);
  const clients = await root.createIntermediate(CLUSTER_CLIENTS);
  return { serverAuthority: root, certificates: new ClientCertificates(clients, 'Google AlloyDB Client') };
}
