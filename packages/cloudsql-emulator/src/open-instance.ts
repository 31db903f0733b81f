import type { StoredInstance } from './data-folder/stored-state.ts';
import type { DataPlane } from './data-plane/data-plane.ts';
import type { Databases } from './database/databases.ts';
import { UserRegistry } from './database/users.ts';
import { certificateDnsNames } from './dns/instance-names.ts';
import type { Instance, RunningInstance } from './instance.ts';
import { allOrFirstError } from './lifetime.ts';
import type { Pki, ServerCaMode } from './pki/pki.ts';
import type { ResolvedInstance } from './resolve-options.ts';

/** What an instance is made with. */
export interface InstanceParts {
  readonly databases: Databases;
  readonly makingPki: Promise<Pki>;
  readonly dataPlane: DataPlane;
  /** Called when users or databases have changed. */
  readonly onChange: () => Promise<void>;
}

const DEFAULT_MODE: ServerCaMode = 'GOOGLE_MANAGED_INTERNAL_CA';
const TYPES = ['PRIMARY', 'PRIVATE', 'PSC'] as const;

/** Starts an instance: its database, its certificates, its addresses. */
export async function openInstance(wanted: ResolvedInstance, parts: InstanceParts): Promise<RunningInstance> {
  const { name, rules, users, addresses } = wanted;
  const [database, pki] = await allOrFirstError([
    parts.databases.start(wanted),
    parts.makingPki.then((made) => made.of(name, wanted.serverCaMode ?? DEFAULT_MODE)),
  ]);
  const places = { ...addresses, PSC: wanted.pscEnabled ? addresses.PSC : null };
  const isPooled = name.service === 'cloud-sql' && (wanted.serverCaMode ?? DEFAULT_MODE) !== DEFAULT_MODE;
  // Those of an authority of their own are known by the common name, but for the name of their endpoint.
  const named = TYPES.filter((type) => places[type] !== null && (isPooled || type === 'PSC'));
  const instance: Instance = {
    name,
    rules,
    database,
    users: new UserRegistry(users),
    databases: new Set(wanted.databases),
    createsDatabases: wanted.createsDatabases ?? false,
    onChange: parts.onChange,
    serverCaMode: wanted.serverCaMode ?? DEFAULT_MODE,
    serverNames: [...certificateDnsNames(name, named), ...(wanted.serverNames ?? [])],
    pki,
  };
  return { instance, addresses: await parts.dataPlane.open(instance, places) };
}

/** What is to be kept of an instance beside its data: all but passwords. */
export function storedOf({ name, database, databases, users }: Instance): StoredInstance {
  return {
    name: name.connectionName,
    databaseVersion: database.databaseVersion,
    databases: [...databases],
    users: users.list().map(({ password: _, ...user }) => user),
  };
}
