export { Connector } from './connector.ts';
export type {
  AccessToken,
  CredentialSource,
  CredentialsExplanation,
  ImpersonationOptions,
  TokenSource,
} from './credentials/credentials.ts';
export type { Engine } from './credentials/database-user.ts';
export type { DialFunction } from './dial/dial.ts';
export { nodesOf } from './drivers/nodes.ts';
export {
  type CloudSqlNodes,
  type CloudSqlOptions,
  connectionOf,
  type OrmConnection,
  poolErrorListener,
} from './drivers/orm-options.ts';
export { PendingDials } from './drivers/pending-dials.ts';
export { ownedAddress, partOptions } from './drivers/read-options.ts';
export {
  CloudSqlError,
  type CloudSqlErrorCode,
  type CloudSqlErrorDetails,
  ConfigError,
  DialError,
  type DriverError,
  errorCatalogue,
  RefreshError,
} from './errors.ts';
export type { NameStatus } from './failover/watched-name.ts';
export type { DnsName } from './instance/dns-name.ts';
export { type Instance, parseInstance, parseName, type ServiceName } from './instance/instance.ts';
export type { AddressRecord, NameResolver } from './instance/resolve.ts';
export type { KeyPair } from './key-pair.ts';
export { checkOrmOptions, oneOf, suggest } from './options/check.ts';
export type { ConnectOptions, LoginTarget, WarmupOptions } from './options/connect-options.ts';
export type { AuthType, ConnectionOptions, IpType } from './options/connection-options.ts';
export type { ConnectorOptions } from './options/connector-options.ts';
export type { InstanceStatus } from './service/instances.ts';
export type {
  CloseEvent,
  CredentialsEvent,
  DialEvent,
  FailoverEvent,
  ListenerErrorEvent,
  Logger,
  PoolErrorEvent,
  RefreshEvent,
  SessionEvent,
} from './telemetry.ts';
