import type { EmbeddedPostgres } from './database/embedded-postgres.ts';
import type { UserRegistry } from './database/users.ts';
import type { InstanceName } from './instance-name.ts';
import type { CertificateAuthority, ServerIdentity } from './pki/certificate-authority.ts';

/** Kind of address, as the admin API names it. */
export type AddressType = 'PRIMARY' | 'PRIVATE';

/** An address that an instance listens on. */
export interface InstanceAddress {
  readonly type: AddressType;
  readonly ipAddress: string;
}

/** One running Cloud SQL instance. */
export interface Instance {
  readonly name: InstanceName;
  /** Signs the server's certificate; a fault replaces both while the emulator runs. */
  serverAuthority: CertificateAuthority;
  identity: ServerIdentity;
  /** The only TLS version that the server speaks. @default 1.3 and whatever comes after it */
  tlsVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
  readonly database: EmbeddedPostgres;
  readonly users: UserRegistry;
}
