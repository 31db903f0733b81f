import { EmulatorError } from './errors.ts';
import type { DatabaseVersion } from './options.ts';

/** A database engine. */
export type EngineName = 'POSTGRES' | 'MYSQL' | 'SQLSERVER';

/** A database engine and its version. */
export interface EngineVersion {
  readonly name: EngineName;
  /** As Cloud SQL names it. */
  readonly version: DatabaseVersion;
}

const VERSIONS: readonly DatabaseVersion[] = [
  'POSTGRES_18',
  'MYSQL_5_7',
  'MYSQL_8_0',
  'MYSQL_8_4',
  'SQLSERVER_2022_STANDARD',
];

/** Reads the option `databaseVersion`. @throws EmulatorError `UNSUPPORTED_ENGINE` */
export function resolveEngineVersion(value: unknown, where: string): EngineVersion {
  const version = VERSIONS.find((known) => known === (value ?? 'POSTGRES_18'));
  if (version) return { name: version.replace(/_.*/, '') as EngineName, version };
  throw new EmulatorError(
    'UNSUPPORTED_ENGINE',
    `${where}: the emulator runs ${VERSIONS.join(', ')}, got ${JSON.stringify(value)}.`,
  );
}
