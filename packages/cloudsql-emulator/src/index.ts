export type { Environment } from './client-environment.ts';
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
export type { Faults } from './faults/faults.ts';
export type { MetadataFault } from './faults/metadata-faults.ts';
export type { ServerFault } from './faults/server-face.ts';
export type {
  AddressOptions,
  BuiltInUserOptions,
  EmulatorOptions,
  IamRole,
  IamUserOptions,
  InstanceOptions,
  PrincipalOptions,
  UserOptions,
} from './options.ts';
export { startEmulator } from './start-emulator.ts';
