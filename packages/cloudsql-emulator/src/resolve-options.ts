import type { StoredState } from './data-folder/stored-state.ts';
import { withKept } from './data-folder/with-kept.ts';
import { checkDatabaseUrl, checkKept } from './database-url.ts';
import type { DatabaseUser } from './database-user.ts';
import { resolveUser } from './database-user.ts';
import type { EngineName, EngineVersion } from './engine-version.ts';
import { resolveEngineVersion } from './engine-version.ts';
import type { InstanceName } from './instance-name.ts';
import { defaultServiceAccount, parseInstanceName } from './instance-name.ts';
import { checkListeningAddress, checkPort, resolveHost } from './listening.ts';
import {
  checkArray,
  checkBoolean,
  checkDuration,
  checkKeys,
  checkRecord,
  checkText,
  invalid,
} from './option-checks.ts';
import type { EmulatorOptions } from './options.ts';
import type { ServerCaMode } from './pki/pki.ts';
import type { ResolvedPrincipal } from './resolve-principals.ts';
import { resolvePrincipals } from './resolve-principals.ts';
import type { ServiceRules } from './service-rules.ts';
import { rulesOf } from './service-rules.ts';

/** An address to listen on: `undefined` means any free one, `null` none. */
export type WantedAddress = string | null | undefined;

/** An instance after validation. */
export interface ResolvedInstance {
  readonly name: InstanceName;
  readonly engine: EngineVersion;
  readonly rules: ServiceRules;
  /** Where the database is, if it is somebody else's. */
  readonly databaseUrl?: string | undefined;
  readonly databases: readonly string[];
  readonly users: readonly DatabaseUser[];
  readonly addresses: {
    readonly PRIMARY: WantedAddress;
    readonly PRIVATE: WantedAddress;
    readonly PSC?: WantedAddress;
  };
  /** Whether it has a PSC endpoint. */
  readonly pscEnabled?: boolean;
  /** Further DNS names in the server's certificate. */
  readonly serverNames?: readonly string[];
  readonly serverCaMode?: ServerCaMode;
  /** Whether there is no database, only an echo. */
  readonly isEcho?: boolean;
  /** Whether a database that a client names is made when it is not there. */
  readonly createsDatabases?: boolean;
}

/** Options after validation, with every default applied. */
export interface ResolvedOptions {
  readonly instances: readonly ResolvedInstance[];
  readonly principals: readonly ResolvedPrincipal[];
  readonly defaultPrincipal: string;
  readonly certificateLifetimeMs: number;
  readonly tokenLifetimeMs: number;
  readonly port: number;
  readonly host: string;
  /** Project that variables and the metadata server name. */
  readonly project: string;
  readonly dataDir: string | undefined;
  readonly importFrom: string | undefined;
  readonly exportOnClose: string | undefined;
  /** What an instance is like that nobody has described; `undefined` where such ones do not exist. */
  readonly describe: ((name: InstanceName) => ResolvedInstance) | undefined;
}

/** Databases that every server has. */
const ALWAYS_THERE: Readonly<Record<EngineName, readonly string[]>> = {
  POSTGRES: ['postgres'],
  MYSQL: ['mysql', 'sys'],
  SQLSERVER: [],
};
const HOUR_MS = 3_600_000;
const CA_MODES = ['GOOGLE_MANAGED_INTERNAL_CA', 'GOOGLE_MANAGED_CAS_CA', 'CUSTOMER_MANAGED_CAS_CA'] as const;
const DEFAULT_PROJECT = 'demo-project';
const ANY_ADDRESSES = { PRIMARY: undefined, PRIVATE: undefined };

/**
 * Validates options and applies the defaults; `kept` is what the data folder knows.
 * @throws EmulatorError `INVALID_OPTION` or `UNSUPPORTED_ENGINE`
 */
export function resolveOptions(options: EmulatorOptions, kept?: StoredState): ResolvedOptions {
  const given = checkKeys(checkRecord(options, 'options'), 'options', [
    'instances',
    'createOnFirstUse',
    'dataDir',
    'importFrom',
    'exportOnClose',
    'host',
    'exposeToNetwork',
    'principals',
    'defaultPrincipal',
    'certificateLifetimeMs',
    'tokenLifetimeMs',
    'port',
  ]);
  const { host, isExposed } = resolveHost(given.host, given.exposeToNetwork);
  const listed = checkArray(given.instances ?? [], 'instances').map((instance, index) =>
    resolveInstance(instance, `instances[${index}]`, isExposed),
  );
  checkKept(listed, given);
  const createsOnUse = checkBoolean(given.createOnFirstUse ?? given.instances === undefined, 'createOnFirstUse');
  const instances = withKept(listed, kept?.instances ?? []).map((instance) =>
    createsOnUse && instance.name.project.startsWith('demo-') ? { ...instance, createsDatabases: true } : instance,
  );
  checkDistinct(instances);
  const project = instances[0]?.name.project ?? DEFAULT_PROJECT;
  if (instances.length === 0 && !createsOnUse) invalid('instances', 'needs at least one instance', given.instances);
  const { principals, defaultPrincipal } = resolvePrincipals(
    given.principals === undefined && kept
      ? { principals: kept.principals, defaultPrincipal: given.defaultPrincipal ?? kept.defaultPrincipal }
      : given,
    defaultServiceAccount(project),
  );
  return {
    instances,
    project,
    principals,
    defaultPrincipal,
    certificateLifetimeMs: checkDuration(given.certificateLifetimeMs ?? HOUR_MS, 'certificateLifetimeMs'),
    tokenLifetimeMs: checkDuration(given.tokenLifetimeMs ?? HOUR_MS, 'tokenLifetimeMs'),
    port: checkPort(given.port ?? 0),
    host,
    describe: createsOnUse ? (name) => ({ ...describe(name, principals), createsDatabases: true }) : undefined,
    dataDir: given.dataDir === undefined ? undefined : checkText(given.dataDir, 'dataDir'),
    importFrom: given.importFrom === undefined ? undefined : checkText(given.importFrom, 'importFrom'),
    exportOnClose: given.exportOnClose === undefined ? undefined : checkText(given.exportOnClose, 'exportOnClose'),
  };
}

/** Checks options as they stand alone, without what a data folder may add. */
export function checkOptions(options: unknown): EmulatorOptions {
  const record = checkRecord(options, 'options');
  // With a data folder there may be instances that are not listed.
  resolveOptions({ createOnFirstUse: true, ...record });
  return record;
}

function checkDistinct(instances: readonly ResolvedInstance[]): void {
  const names = new Set<string>();
  for (const { name } of instances) {
    // The Cloud SQL API knows instances by project and id alone, so the region does not make a name distinct.
    const key = name.service === 'cloud-sql' ? `${name.project}:${name.id}` : name.connectionName;
    if (names.has(key)) invalid('instances', `names the instance ${key} twice`, name.connectionName);
    names.add(key);
  }
}

/** What an instance is like that nobody has described. */
function describe(name: InstanceName, principals: readonly ResolvedPrincipal[]): ResolvedInstance {
  const engine = resolveEngineVersion(undefined, 'databaseVersion');
  const rules = rulesOf(name.service, engine.name);
  const users = principals.map(({ email }) =>
    resolveUser({ email, databaseRoles: [rules.superuserRole] }, 'principals', rules),
  );
  return { name, engine, rules, databases: [], users, addresses: ANY_ADDRESSES };
}

function resolveInstance(value: unknown, where: string, isExposed: boolean): ResolvedInstance {
  const given = checkKeys(checkRecord(value, where), where, [
    'name',
    'databases',
    'users',
    'addresses',
    'databaseVersion',
    'databaseUrl',
    'backend',
    'pscEnabled',
    'customSubjectAlternativeNames',
    'serverCaMode',
  ]);
  const name =
    parseInstanceName(checkText(given.name, `${where}.name`)) ??
    invalid(
      `${where}.name`,
      'must be project:region:instance, or projects/P/locations/R/clusters/C/instances/I',
      given.name,
    );
  const engine = resolveEngineVersion(given.databaseVersion, `${where}.databaseVersion`);
  if (engine.name !== 'POSTGRES' && name.service === 'alloydb') {
    invalid(`${where}.databaseVersion`, 'must be PostgreSQL for an instance of AlloyDB', engine.version);
  }
  const rules = rulesOf(name.service, engine.name);
  const addresses = checkKeys(checkRecord(given.addresses ?? {}, `${where}.addresses`), `${where}.addresses`, [
    'PRIMARY',
    'PRIVATE',
    'PSC',
  ]);
  const pscEnabled = checkBoolean(given.pscEnabled ?? false, `${where}.pscEnabled`);
  if (addresses.PSC !== undefined && !pscEnabled) {
    invalid(`${where}.addresses.PSC`, 'needs `pscEnabled: true`', addresses.PSC);
  }
  const names = checkArray(given.customSubjectAlternativeNames ?? [], `${where}.customSubjectAlternativeNames`);
  const users = checkArray(given.users ?? [], `${where}.users`).map((user, index) =>
    resolveUser(user, `${where}.users[${index}]`, rules),
  );
  const twice = users.find((user, index) => users.findIndex((other) => other.name === user.name) !== index);
  if (twice) invalid(`${where}.users`, 'names the same database user twice', twice.name);
  return {
    name,
    engine,
    rules,
    databaseUrl: checkDatabaseUrl(given, where, engine),
    isEcho: checkBackend(given.backend, `${where}.backend`, engine) === 'ECHO',
    databases: checkArray(given.databases ?? [], `${where}.databases`)
      .map((database, index) => checkText(database, `${where}.databases[${index}]`))
      .filter((database) => !ALWAYS_THERE[engine.name].includes(database)),
    users,
    addresses: {
      PRIMARY: checkAddress(addresses.PRIMARY, `${where}.addresses.PRIMARY`, isExposed),
      PRIVATE: checkAddress(addresses.PRIVATE, `${where}.addresses.PRIVATE`, isExposed),
      PSC: checkAddress(addresses.PSC, `${where}.addresses.PSC`, isExposed),
    },
    pscEnabled,
    serverCaMode: checkCaMode(given.serverCaMode, `${where}.serverCaMode`, name),
    serverNames: names.map((each, index) => checkText(each, `${where}.customSubjectAlternativeNames[${index}]`)),
  };
}

function checkBackend(value: unknown, where: string, { name, version }: EngineVersion): 'DATABASE' | 'ECHO' {
  if (value === undefined || value === 'DATABASE') return 'DATABASE';
  if (value !== 'ECHO') invalid(where, "must be 'DATABASE' or 'ECHO'", value);
  return name === 'POSTGRES' ? value : invalid(where, 'is for PostgreSQL only', version);
}

function checkCaMode(value: unknown, where: string, { service }: InstanceName): ServerCaMode {
  const mode = CA_MODES.find((known) => known === (value ?? CA_MODES[0]));
  if (!mode) invalid(where, `must be one of ${CA_MODES.join(', ')}`, value);
  return service === 'alloydb' && value !== undefined ? invalid(where, 'is for Cloud SQL only', value) : mode;
}

function checkAddress(value: unknown, where: string, isExposed: boolean): WantedAddress {
  return value === undefined || value === null ? value : checkListeningAddress(value, where, isExposed);
}
