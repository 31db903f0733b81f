import type { Database } from './database/database.ts';
import type { UserRegistry } from './database/users.ts';
import type { ExchangeFault } from './faults/exchange-faults.ts';
import type { ServerFault } from './faults/server-face.ts';
import type { InstanceName } from './instance-name.ts';
import type { InstancePki, ServerCaMode } from './pki/pki.ts';
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
  readonly pki: InstancePki;
  readonly serverCaMode: ServerCaMode;
  readonly name: InstanceName;
  /** DNS names in its server's certificate. */
  readonly serverNames: readonly string[];
  /**
   * The instance whose server also answers at an address of this one, by the name and authority of which it does so.
   * Set where several instances share an address; it may be this instance itself.
   */
  sharesWith?: Instance;
  /** What is wrong with its TLS server, by fault. */
  fault?: ServerFault | undefined;
  /** What is wrong with its answers to metadata exchanges. */
  exchangeFault?: ExchangeFault | undefined;
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
