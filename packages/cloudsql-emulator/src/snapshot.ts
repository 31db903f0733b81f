import type { Snapshots } from './database/database.ts';
import { EmulatorError } from './errors.ts';
import type { Instance } from './instance.ts';
import { invalid } from './option-checks.ts';

/** A kept state of a database. It lives as long as the emulator. */
export interface Snapshot {
  /** Name of the instance. */
  readonly instance: string;
  readonly database: string;
  readonly id: string;
}

/** Keeps the state of a database of an instance. @throws EmulatorError */
export async function takeSnapshot(
  instance: Instance,
  database: string | undefined,
): Promise<Pick<Snapshot, 'database' | 'id'>> {
  const [only, ...others] = instance.databases;
  if (database === undefined && (only === undefined || others.length > 0)) {
    invalid('database', `must be named, as the instance has ${instance.databases.size} databases`, database);
  }
  const name = database ?? only ?? '';
  return { database: name, id: await snapshotsOf(instance).take(name) };
}

/** Returns what keeps the states of an instance's databases. @throws EmulatorError `NO_SNAPSHOTS` */
export function snapshotsOf({ name, database }: Instance): Snapshots {
  if (database.snapshots) return database.snapshots;
  throw new EmulatorError(
    'NO_SNAPSHOTS',
    `${name.connectionName} cannot keep snapshots: ${database.databaseVersion} is not able to. Create the data anew, or use PostgreSQL.`,
  );
}
