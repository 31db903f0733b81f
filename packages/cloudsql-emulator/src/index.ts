export type { Environment } from './client-environment.ts';
export type { ConnectionRecord, ConnectionState } from './data-plane/connection-log.ts';
export type { Emulator, EmulatorStatistics } from './emulator.ts';
export type { EmulatorErrorCode } from './errors.ts';
export { EmulatorError } from './errors.ts';
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
