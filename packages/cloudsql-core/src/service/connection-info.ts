import type { SecureContext } from 'node:tls';
import type { IpType } from '../options/connection-options.ts';
import type { Expiring } from '../refresh/policy.ts';

/** All that is needed to dial one instance, valid until it expires. */
export interface ConnectionInfo extends Expiring {
  /** The host to dial, per type of address: an IP address, or a DNS name for PSC. */
  readonly addresses: ReadonlyMap<IpType, string>;
  /** Client certificate, key and the instance's CA, parsed once per certificate and not per connection. */
  readonly secureContext: SecureContext;
  /** The DNS name that the server's certificate may carry. */
  readonly serverName: string | undefined;
  /** As the API spells it: `POSTGRES_17`, `MYSQL_8_4`, `SQLSERVER_2022_STANDARD`; AlloyDB's says `POSTGRES`. */
  readonly databaseVersion: string;
  /** Whether the server wants to know how database clients reach a local listener. */
  readonly wantsClientProtocol?: boolean;
}
