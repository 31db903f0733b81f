import type { Emulator, InstanceOptions } from '@x/cloudsql-emulator';
import type { Item } from '../row.ts';

/** What differs between databases: the SQL of the scenarios, and what a table can hold. */
export interface Engine {
  /** Instances of which services run it, by their names in the emulator. */
  readonly instances: Readonly<Record<string, string>>;
  /** For each of these services an instance to fail over to. */
  readonly standbys: Readonly<Record<string, string>>;
  /** What the emulator runs. @default PostgreSQL */
  readonly databaseVersion?: InstanceOptions['databaseVersion'];
  /** The IAM database user of the default principal. */
  readonly iamUser: string;
  /** An IAM database user that somebody else is. */
  readonly stranger: string;
  readonly item: Omit<Item, 'id' | 'name'>;
  /** A column `name` that holds the user of the session. */
  readonly whoAmI: string;
  /** A column `n` with the numbers from 1 to 100,000. */
  readonly manyRows: string;
  /** Takes twenty seconds. */
  readonly slowQuery: string;
  /** Waits until the slow query of somebody runs, and ends the session that it runs in. */
  killSlowQuery(cloud: Emulator, instance: string): Promise<void>;
  /** Ends the sessions of the IAM user. */
  killSessions(cloud: Emulator, instance: string): Promise<void>;
  /** Runs a statement as the administrator of the database, past Cloud SQL. */
  administer(cloud: Emulator, instance: string, sql: string): Promise<Record<string, unknown>[]>;
}
