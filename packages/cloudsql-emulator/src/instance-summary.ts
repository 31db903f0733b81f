import type { DatabaseUserKind } from './database-user.ts';
import type { RunningInstance } from './instance.ts';

/** An instance that runs, for people to look at. */
export interface InstanceSummary {
  /** As clients name it. */
  readonly name: string;
  /** As Google spells it. */
  readonly databaseVersion: string;
  /** Databases that the emulator made; others may have come by SQL. */
  readonly databases: readonly string[];
  readonly users: readonly { readonly name: string; readonly kind: DatabaseUserKind }[];
  /** The address for each type that the instance has. */
  readonly addresses: Readonly<Partial<Record<'PUBLIC' | 'PRIVATE' | 'PSC', string>>>;
}

/** Describes an instance. Holds no secret. */
export function summaryOf({ instance, addresses }: RunningInstance): InstanceSummary {
  const { name, database, databases, users } = instance;
  const entries = addresses.map(({ type, ipAddress }) => [type === 'PRIMARY' ? 'PUBLIC' : type, ipAddress]);
  return {
    name: name.connectionName,
    databaseVersion: database.databaseVersion,
    databases: [...databases],
    users: users.list().map(({ name: user, kind }) => ({ name: user, kind })),
    addresses: Object.fromEntries(entries),
  };
}
