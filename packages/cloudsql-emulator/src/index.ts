export type { CallRecord } from './call-log.ts';
export type { Environment } from './client-environment.ts';
export { readConfig } from './config-file.ts';
export type { CredentialFileOptions, ExternalAccountOptions, ImpersonatedFileOptions } from './credential-content.ts';
export type { ConnectionRecord, ConnectionState } from './data-plane/connection-log.ts';
export type { Dns } from './dns/dns.ts';
export type { InstanceDnsNames } from './dns/instance-names.ts';
export type { DnsFault, DnsRecords } from './dns/zone.ts';
export type { Emulator, EmulatorStatistics } from './emulator.ts';
export type { EmulatorErrorCode } from './errors.ts';
export { EmulatorError } from './errors.ts';
export type { ApiFault } from './faults/api-faults.ts';
export type { ConnectionFault } from './faults/connection-faults.ts';
export type { ExchangeFault } from './faults/exchange-faults.ts';
export type { Faults } from './faults/faults.ts';
export type { MetadataFault } from './faults/metadata-faults.ts';
export type { ServerFault } from './faults/server-face.ts';
export type { EnvironmentFormat } from './format-environment.ts';
export { ENVIRONMENT_FORMATS, formatEnvironment } from './format-environment.ts';
export type { InstanceSummary } from './instance-summary.ts';
export type { RunningEmulator } from './locator.ts';
export { findEmulators, publishEmulator } from './locator.ts';
export type {
  AddressOptions,
  BuiltInUserOptions,
  EmulatorOptions,
  GroupUserOptions,
  IamRole,
  IamUserOptions,
  InstanceOptions,
  PrincipalOptions,
  UserOptions,
} from './options.ts';
export type { ServerCaMode } from './pki/pki.ts';
export type { Snapshot } from './snapshot.ts';
export { startEmulator } from './start-emulator.ts';
