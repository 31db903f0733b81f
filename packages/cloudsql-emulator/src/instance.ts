import type { Database } from './database/database.ts';
import type { UserRegistry } from './database/users.ts';
import type { ServerFault } from './faults/server-face.ts';
import type { InstanceName } from './instance-name.ts';
import type { CertificateAuthority } from './pki/certificate-authority.ts';
import type { ClientCertificates } from './pki/client-certificates.ts';
import type { ServiceRules } from './service-rules.ts';

/** Kind of address, as the admin API of Cloud SQL names it; `PRIMARY` is the public one, `PSC` that of an endpoint. */
export type AddressType = 'PRIMARY' | 'PRIVATE' | 'PSC';

/** An address that an instance listens on. */
export interface InstanceAddress {
  readonly type: AddressType;
  readonly ipAddress: string;
}

/** One running instance. */
export interface Instance {
  /** Signs the server's certificate; a fault replaces it while the emulator runs. */
  serverAuthority: CertificateAuthority;
  /** Issues the certificates of its clients, and knows them. */
  readonly certificates: ClientCertificates;
  readonly name: InstanceName;
  /** DNS names in its server's certificate. */
  readonly serverNames: readonly string[];
  /** What is wrong with its TLS server, by fault. */
  fault?: ServerFault | undefined;
  readonly rules: ServiceRules;
  readonly database: Database;
  readonly users: UserRegistry;
  /** Databases that the emulator made; others may have come by SQL. */
  readonly databases: Set<string>;
  /** Whether a database that a client names is made when it is not there. */
  readonly createsDatabases: boolean;
  /** To be called when users or databases have changed. */
  readonly onChange: () => Promise<void>;
}

/** An instance together with the addresses it can be dialled on. */
export interface RunningInstance {
  readonly instance: Instance;
  readonly addresses: readonly InstanceAddress[];
}
