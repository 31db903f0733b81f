import type { TLSSocket } from 'node:tls';
import type { Credentials, Scopes } from '../credentials/credentials.ts';
import type { ReachedTarget } from '../dial/metadata-exchange.ts';
import type { ServerIdentity } from '../dial/server-identity.ts';
import type { Instance, ServiceName } from '../instance/instance.ts';
import type { KeyPair } from '../key-pair.ts';
import type { IpType } from '../options/connection-options.ts';
import type { ConnectorOptions } from '../options/connector-options.ts';
import type { ApiClient } from './api-client.ts';
import type { ConnectionInfo } from './connection-info.ts';

/** What differs between the services. The connector and its caches do not know which one they serve. */
export interface Service {
  readonly name: ServiceName;
  /** Its admin API is the host of this name in the universe, unless the option says otherwise. */
  readonly apiName: string;
  readonly endpointOption: Exclude<keyof NonNullable<ConnectorOptions['endpoints']>, 'iamCredentials'>;
  /** Scopes of the tokens that it asks for. */
  readonly scopes: Scopes;
  /** The port on which every instance speaks TLS. */
  readonly port: number;
  /** The types of address to dial where the options name none. */
  readonly defaultIpTypes: readonly IpType[];
  /** Whether the identity of an IAM login travels in the certificate, so that password logins need another one. */
  readonly identityInCertificate: boolean;
  /** Fetches metadata and a client certificate. */
  fetch(request: FetchRequest): Promise<ConnectionInfo>;
  /** What the certificate of the server that was dialled has to say. */
  identity(
    instance: Instance,
    info: ConnectionInfo,
    dialled: { readonly host: string; readonly domain: string | undefined },
  ): ServerIdentity;
  /**
   * Begins whatever has to happen between the TLS handshake and the first byte of the database protocol, so that it is
   * ready when the socket is. Absent where nothing has to.
   */
  prelude?(request: PreludeRequest): Promise<Prelude>;
}

/** What fetching takes. */
export interface FetchRequest {
  readonly instance: Instance;
  /** Whether the login token goes into the certificate. */
  readonly iam: boolean;
  readonly api: ApiClient;
  readonly endpoint: string;
  readonly credentials: Credentials;
  readonly keyPair: Promise<KeyPair>;
  /** How long a certificate of AlloyDB should live, in milliseconds. */
  readonly alloyDbCertificateMs: number;
  readonly signal: AbortSignal;
}

/** What a prelude takes. */
export interface PreludeRequest {
  readonly credentials: Credentials;
  /** Whether the database user logs in with the identity of the login token. */
  readonly iam: boolean;
  readonly userAgent: string;
}

/** Speaks with the server on a socket that nobody else uses yet. Destroys it if that fails, or if the signal fires. */
export type Prelude = (socket: TLSSocket, target: ReachedTarget, signal: AbortSignal) => Promise<void>;
