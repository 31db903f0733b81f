import type { CredentialSource, ImpersonationOptions } from '../credentials/credentials.ts';
import { universeOf } from '../credentials/universe.ts';
import type { DialFunction } from '../dial/dial.ts';
import { ConfigError } from '../errors.ts';
import { isLoopback } from '../http.ts';
import type { NameResolver } from '../instance/resolve.ts';
import type { KeyPair } from '../key-pair.ts';
import type { Logger } from '../telemetry.ts';
import { describe, optionalMilliseconds, optionalString, refuseUnknown } from './check.ts';
import { resolveImpersonation } from './impersonation-option.ts';
import { type ResolvedNetworkOptions, resolveNetworkOptions } from './network-options.ts';

/** Options of a {@link Connector}. All have defaults that suit an application on Google Cloud and on a laptop. */
export interface ConnectorOptions {
  /**
   * Where Google credentials come from: a credentials file or what it holds, an access token with a login token, the
   * gcloud CLI, or an `AuthClient` or `GoogleAuth` of google-auth-library.
   * @default Application Default Credentials
   */
  readonly credentials?: CredentialSource;
  /**
   * A service account to act as, by its e-mail, with `delegates` in between. As text: all of them in order with commas
   * in between, as gcloud takes them; the last is the target.
   * @default none
   */
  readonly impersonate?: string | ImpersonationOptions;
  /**
   * The project that API quota is charged to.
   * @default what GOOGLE_CLOUD_QUOTA_PROJECT says, or the credentials
   */
  readonly quotaProject?: string;
  /**
   * The universe that the instances are in; the credentials have to belong to it.
   * @default what GOOGLE_CLOUD_UNIVERSE_DOMAIN says, or googleapis.com
   */
  readonly universeDomain?: string;
  /**
   * Other addresses of Google's APIs: `https:` anywhere, `http:` only on loopback.
   * @default https://sqladmin.googleapis.com, https://alloydb.googleapis.com and https://iamcredentials.googleapis.com,
   * or the universe's
   */
  readonly endpoints?: { readonly sqlAdmin?: string; readonly alloyDb?: string; readonly iamCredentials?: string };
  /**
   * How long one dial may take, in milliseconds: DNS, credentials, refresh, TCP, TLS and metadata exchange together.
   * @default 30_000
   */
  readonly dialTimeoutMs?: number;
  /**
   * Makes the connections to instances in place of TCP; TLS is spoken on what it returns.
   * @default TCP, through the SOCKS5 proxy that ALL_PROXY names (`socks5://user:password@host:port`) unless NO_PROXY
   * excludes the address
   */
  readonly dial?: DialFunction;
  /**
   * When certificates are fetched: `'AHEAD'` of their end, in the background, while an instance is in use; or `'LAZY'`,
   * when a dial needs one, for processes that get no processor time between requests. Any letter case.
   * @default 'AHEAD'
   */
  readonly refresh?: 'AHEAD' | 'LAZY' | 'ahead' | 'lazy' | (string & {});
  /** Looks DNS names up: a `Resolver` of `node:dns/promises` fits. @default what `node:dns` is set to */
  readonly resolver?: NameResolver;
  /**
   * Between two look-ups of a DNS name that is in use, in milliseconds. When it leads to another instance, dials go
   * there, and the connections to the old one are ended. 0: it is looked up only when it is dialled.
   * @default 30_000
   */
  readonly failoverPeriodMs?: number;
  /**
   * The projects whose instances DNS names may lead to.
   * @default the one that a name leads to at first
   */
  readonly allowedProjects?: readonly string[];
  /**
   * How long certificates of AlloyDB should live, in milliseconds: from one hour to 24. Only a wish; the server decides.
   * @default 3_600_000
   */
  readonly alloyDbCertificateMs?: number;
  /**
   * Connection info of AlloyDB instances that are not to be asked for, as an object or JSON: `publicKey`, `privateKey`,
   * and for each instance name `ipAddress`, `publicIpAddress`, `pscInstanceConfig.pscDnsName`, `pemCertificateChain` and
   * `caCert`. Never refreshed, and for development only.
   * @default the AlloyDB API is asked
   */
  readonly alloyDbStaticInfo?: string | object;
  /** The client's RSA key pair, PEM encoded. @default one that is made per process */
  readonly keyPair?: KeyPair;
  /** Appended to the user agent of API calls and of AlloyDB's metadata exchange. @default nothing */
  readonly userAgent?: string;
  /** Receives what would otherwise go unseen, such as a failed background refresh. @default nothing is written */
  readonly logger?: Logger;
  /**
   * What `CLOUDSQL_EMULATOR_HOST` and `ALLOYDB_EMULATOR_HOST` may do: `'LOCAL'` lets them name a loopback address
   * outside production, `'ANY'` lets them take effect anywhere, `'NEVER'` ignores them.
   * @default 'LOCAL'
   */
  readonly emulator?: 'LOCAL' | 'ANY' | 'NEVER';
}

const names = [
  'credentials',
  'impersonate',
  'quotaProject',
  'universeDomain',
  'endpoints',
  'dialTimeoutMs',
  'dial',
  'refresh',
  'resolver',
  'failoverPeriodMs',
  'allowedProjects',
  'alloyDbCertificateMs',
  'alloyDbStaticInfo',
  'keyPair',
  'userAgent',
  'logger',
  'emulator',
] as const satisfies readonly (keyof ConnectorOptions)[];

/** {@link ConnectorOptions}, checked and with defaults applied. */
export interface ResolvedConnectorOptions
  extends Omit<ConnectorOptions, keyof ResolvedNetworkOptions>,
    ResolvedNetworkOptions {
  readonly dialTimeoutMs: number;
  readonly impersonate?: ImpersonationOptions;
  readonly emulator: 'LOCAL' | 'ANY' | 'NEVER';
}

/**
 * Checks a connector's options and applies defaults.
 * @throws ConfigError `CLOUDSQL_UNKNOWN_OPTION`, `CLOUDSQL_INVALID_OPTION`
 */
export function resolveConnectorOptions(options: ConnectorOptions): ResolvedConnectorOptions {
  if (typeof options !== 'object' || options === null) {
    throw new ConfigError('CLOUDSQL_INVALID_OPTION', `Expected the connector's options, got ${describe(options)}`);
  }
  refuseUnknown('Connector', options, names);
  checkHeader('quotaProject', options.quotaProject);
  checkHeader('userAgent', options.userAgent);
  const universeDomain = optionalString('universeDomain', options.universeDomain);
  if (universeDomain !== undefined) universeOf(universeDomain);
  const { impersonate: wanted, ...others } = options;
  const impersonate = resolveImpersonation(wanted);
  checkEndpoints(options.endpoints);
  const emulator = options.emulator ?? 'LOCAL';
  if (!['LOCAL', 'ANY', 'NEVER'].includes(emulator)) {
    throw new ConfigError('CLOUDSQL_INVALID_OPTION', "Expected `emulator` to be 'LOCAL', 'ANY' or 'NEVER'");
  }
  return Object.freeze({
    ...others,
    ...(impersonate ? { impersonate } : {}),
    ...resolveNetworkOptions(options),
    emulator,
    dialTimeoutMs: optionalMilliseconds('dialTimeoutMs', options.dialTimeoutMs, 1) ?? 30_000,
  });
}

/** What is sent in a header holds printable ASCII. */
function checkHeader(option: string, given: unknown): void {
  if (/^[ -~]*$/.test(optionalString(option, given) ?? '')) return;
  throw new ConfigError('CLOUDSQL_INVALID_OPTION', `The option \`${option}\` cannot be sent in a header`, {
    remedy: 'Use printable ASCII, and no line breaks.',
  });
}

const endpointNames = ['sqlAdmin', 'alloyDb', 'iamCredentials'] as const;

function checkEndpoints(endpoints: ConnectorOptions['endpoints']): void {
  if (endpoints === undefined) return;
  refuseUnknown('`endpoints`', endpoints, endpointNames);
  for (const name of endpointNames) checkEndpoint(`endpoints.${name}`, endpoints[name]);
}

function checkEndpoint(option: string, given: unknown): void {
  const value = optionalString(option, given);
  if (value === undefined) return;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))) return;
  throw new ConfigError('CLOUDSQL_INVALID_OPTION', `\`${option}\` is "${value}"`, {
    remedy: 'Use an https URL, or an http URL of a loopback address: access tokens are sent to it.',
  });
}
