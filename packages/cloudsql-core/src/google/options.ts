import type { AuthClient, GoogleAuth } from 'google-auth-library';
import { ConfigError } from '../errors.ts';
import { oneOf, refuseUnknown } from '../options/check.ts';
import type { ConnectionOptions as CoreConnection, IpType } from '../options/connection-options.ts';
import type { ConnectorOptions as CoreOptions } from '../options/connector-options.ts';

/** How the database user logs in. */
export const AuthTypes = { PASSWORD: 'PASSWORD', IAM: 'IAM' } as const;
/** One of {@link AuthTypes}. */
export type AuthTypes = (typeof AuthTypes)[keyof typeof AuthTypes];

/** The type of address to dial. */
export const IpAddressTypes = { PUBLIC: 'PUBLIC', PRIVATE: 'PRIVATE', PSC: 'PSC' } as const;
/** One of {@link IpAddressTypes}. */
export type IpAddressTypes = (typeof IpAddressTypes)[keyof typeof IpAddressTypes];

/** Options of the drop-in `Connector`: Google's, and four of ours. */
export interface ConnectorOptions extends Pick<CoreOptions, 'dialTimeoutMs' | 'logger' | 'quotaProject' | 'userAgent'> {
  /** Credentials, for the API and for IAM logins. @default Application Default Credentials */
  // biome-ignore lint/suspicious/noExplicitAny: whatever client the caller's GoogleAuth makes
  readonly auth?: GoogleAuth<any> | AuthClient | undefined;
  /** Another address of the Admin API: https, or loopback. @default https://sqladmin.googleapis.com */
  readonly sqlAdminAPIEndpoint?: string | undefined;
  /** The universe that the instances are in. @default what GOOGLE_CLOUD_UNIVERSE_DOMAIN says, or googleapis.com */
  readonly universeDomain?: string | undefined;
}

/** Options of `getOptions`, as Google's connector has them. Values may come from the environment, in any letter case. */
export interface ConnectionOptions {
  /** @default 'PASSWORD' */
  readonly authType?: AuthTypes | Lowercase<AuthTypes> | (string & {}) | undefined;
  /** @default 'PUBLIC' */
  readonly ipType?: IpAddressTypes | Lowercase<IpAddressTypes> | (string & {}) | undefined;
  /** `project:region:instance` */
  readonly instanceConnectionName?: string | undefined;
  /** A DNS name in its place. */
  readonly domainName?: string | undefined;
  /** Between two look-ups of `domainName` while it is in use, in milliseconds; 0 for none. @default 30_000 */
  readonly failoverPeriod?: number | undefined;
  /** Has no effect: refreshes need no limit, because they back off. */
  readonly limitRateInterval?: number | undefined;
}

/** Options of `startLocalProxy`. */
export interface SocketConnectionOptions extends ConnectionOptions {
  /** Where to listen: for Unix sockets, as with Google's connector. */
  readonly listenOptions: {
    /** Path of the Unix socket. PostgreSQL clients find it if it ends in `/.s.PGSQL.5432`; if not, it is a folder for that. */
    readonly path: string | undefined;
  };
}

const connectorNames = [
  ...['auth', 'sqlAdminAPIEndpoint', 'universeDomain'],
  ...['dialTimeoutMs', 'logger', 'quotaProject', 'userAgent'],
];

const connectionNames = [
  ...['authType', 'ipType', 'instanceConnectionName', 'domainName', 'failoverPeriod', 'limitRateInterval'],
];

/** @throws ConfigError */
export function coreOptions(options: ConnectorOptions): CoreOptions {
  refuseUnknown('Connector', options, connectorNames);
  const { auth, sqlAdminAPIEndpoint, ...same } = options;
  const given = Object.entries(same).filter(([, value]) => value !== undefined);
  return {
    ...Object.fromEntries(given),
    ...(auth ? { credentials: auth } : {}),
    ...(sqlAdminAPIEndpoint ? { endpoints: { sqlAdmin: sqlAdminAPIEndpoint } } : {}),
  };
}

/** @throws ConfigError */
export function coreConnection(options: ConnectionOptions): CoreConnection & { readonly ipType: IpType } {
  refuseUnknown('`getOptions`', options, connectionNames);
  const { instanceConnectionName, domainName, authType = 'PASSWORD', ipType = 'PUBLIC' } = options;
  if (instanceConnectionName && domainName) {
    throw new ConfigError('CLOUDSQL_CONFLICTING_OPTIONS', '`instanceConnectionName` and `domainName` are both set');
  }
  const login = oneOf('authType', authType, Object.values(AuthTypes));
  return {
    instance: (instanceConnectionName || domainName) ?? '',
    ipType: oneOf('ipType', ipType, Object.values(IpAddressTypes)),
    // Password and user are the driver's business here; a manual login, too, needs a certificate without an identity.
    authType: login === 'IAM' ? 'IAM' : 'IAM_MANUAL',
  };
}
