import { isIP } from 'node:net';
import type { DatabaseUser } from './database-user.ts';
import { resolveUser } from './database-user.ts';
import type { EngineVersion } from './engine-version.ts';
import { resolveEngineVersion } from './engine-version.ts';
import { isServiceAccount } from './iam/accounts.ts';
import type { InstanceName } from './instance-name.ts';
import { defaultServiceAccount, parseInstanceName } from './instance-name.ts';
import { nearestName } from './nearest-name.ts';
import { checkArray, checkDuration, checkEmail, checkKeys, checkRecord, checkText, invalid } from './option-checks.ts';
import type { EmulatorOptions, IamRole } from './options.ts';
import type { ServiceRules } from './service-rules.ts';
import { rulesOf } from './service-rules.ts';

/** A principal after validation. */
export interface ResolvedPrincipal {
  readonly email: string;
  readonly roles: readonly IamRole[];
  readonly tokenCreators: readonly string[];
}

/** An address to listen on: `undefined` means any free one, `null` none. */
export type WantedAddress = string | null | undefined;

/** An instance after validation. */
export interface ResolvedInstance {
  readonly name: InstanceName;
  readonly engine: EngineVersion;
  readonly rules: ServiceRules;
  readonly databases: readonly string[];
  readonly users: readonly DatabaseUser[];
  readonly addresses: { readonly PRIMARY: WantedAddress; readonly PRIVATE: WantedAddress };
}

/** Options after validation, with every default applied. */
export interface ResolvedOptions {
  readonly instances: readonly ResolvedInstance[];
  readonly principals: readonly ResolvedPrincipal[];
  readonly defaultPrincipal: string;
  readonly certificateLifetimeMs: number;
  readonly tokenLifetimeMs: number;
  readonly port: number;
}

const ROLES: readonly IamRole[] = [
  'cloudsql.client',
  'cloudsql.instanceUser',
  'alloydb.client',
  'alloydb.databaseUser',
  'serviceusage.serviceUsageConsumer',
];
/** Databases that every server has. */
const ALWAYS_THERE = { POSTGRES: ['postgres'], MYSQL: ['mysql', 'sys'] };
const HOUR_MS = 3_600_000;

/**
 * Validates options and applies the defaults.
 * @throws EmulatorError `INVALID_OPTION` or `UNSUPPORTED_ENGINE`
 */
export function resolveOptions(options: EmulatorOptions): ResolvedOptions {
  const given = checkKeys(checkRecord(options, 'options'), 'options', [
    'instances',
    'principals',
    'defaultPrincipal',
    'certificateLifetimeMs',
    'tokenLifetimeMs',
    'port',
  ]);
  const instances = checkArray(given.instances, 'instances').map((instance, index) =>
    resolveInstance(instance, `instances[${index}]`),
  );
  const first = instances[0] ?? invalid('instances', 'needs at least one instance', given.instances);
  const names = new Set<string>();
  for (const { name } of instances) {
    // The Cloud SQL API knows instances by project and id alone, so the region does not make a name distinct.
    const key = name.service === 'cloud-sql' ? `${name.project}:${name.id}` : name.connectionName;
    if (names.has(key)) invalid('instances', `names the instance ${key} twice`, name.connectionName);
    names.add(key);
  }
  const principals =
    given.principals === undefined
      ? [{ email: defaultServiceAccount(first.name.project), roles: ROLES, tokenCreators: [] }]
      : checkArray(given.principals, 'principals').map((principal, index) =>
          resolvePrincipal(principal, `principals[${index}]`),
        );
  const emails = principals.map((principal) => principal.email);
  if (emails.length === 0) invalid('principals', 'needs at least one principal', given.principals);
  const defaultPrincipal =
    given.defaultPrincipal === undefined ? emails[0]! : checkEmail(given.defaultPrincipal, 'defaultPrincipal');
  if (!emails.includes(defaultPrincipal)) {
    invalid('defaultPrincipal', `must be one of the principals (${emails.join(', ')})`, defaultPrincipal);
  }
  return {
    instances,
    principals,
    defaultPrincipal,
    certificateLifetimeMs: checkDuration(given.certificateLifetimeMs ?? HOUR_MS, 'certificateLifetimeMs'),
    tokenLifetimeMs: checkDuration(given.tokenLifetimeMs ?? HOUR_MS, 'tokenLifetimeMs'),
    port: checkPort(given.port ?? 0),
  };
}

function resolvePrincipal(value: unknown, where: string): ResolvedPrincipal {
  const given = checkKeys(checkRecord(value, where), where, ['email', 'roles', 'tokenCreators']);
  const email = checkEmail(given.email, `${where}.email`);
  const tokenCreators = checkArray(given.tokenCreators ?? [], `${where}.tokenCreators`).map((creator, index) =>
    checkEmail(creator, `${where}.tokenCreators[${index}]`),
  );
  if (tokenCreators.length > 0 && !isServiceAccount(email)) {
    invalid(`${where}.tokenCreators`, 'is for service accounts only', email);
  }
  const roles = checkArray(given.roles ?? ROLES, `${where}.roles`).map((role, index) => {
    const name = checkText(role, `${where}.roles[${index}]`);
    const known = ROLES.find((candidate) => candidate === name);
    const nearest = nearestName(name, ROLES);
    return (
      known ??
      invalid(
        `${where}.roles[${index}]`,
        nearest ? `is not a known role; did you mean '${nearest}'?` : `must be one of ${ROLES.join(', ')}`,
        role,
      )
    );
  });
  return { email, roles, tokenCreators };
}

function resolveInstance(value: unknown, where: string): ResolvedInstance {
  const given = checkKeys(checkRecord(value, where), where, [
    'name',
    'databases',
    'users',
    'addresses',
    'databaseVersion',
  ]);
  const name =
    parseInstanceName(checkText(given.name, `${where}.name`)) ??
    invalid(
      `${where}.name`,
      'must be project:region:instance, or projects/P/locations/R/clusters/C/instances/I',
      given.name,
    );
  const engine = resolveEngineVersion(given.databaseVersion, `${where}.databaseVersion`);
  if (engine.name === 'MYSQL' && name.service === 'alloydb') {
    invalid(`${where}.databaseVersion`, 'must be PostgreSQL for an instance of AlloyDB', engine.version);
  }
  const rules = rulesOf(name.service, engine.name);
  const addresses = checkKeys(checkRecord(given.addresses ?? {}, `${where}.addresses`), `${where}.addresses`, [
    'PRIMARY',
    'PRIVATE',
  ]);
  const users = checkArray(given.users ?? [], `${where}.users`).map((user, index) =>
    resolveUser(user, `${where}.users[${index}]`, rules),
  );
  const twice = users.find((user, index) => users.findIndex((other) => other.name === user.name) !== index);
  if (twice) invalid(`${where}.users`, 'names the same database user twice', twice.name);
  return {
    name,
    engine,
    rules,
    databases: checkArray(given.databases ?? [], `${where}.databases`)
      .map((database, index) => checkText(database, `${where}.databases[${index}]`))
      .filter((database) => !ALWAYS_THERE[engine.name].includes(database)),
    users,
    addresses: {
      PRIMARY: checkAddress(addresses.PRIMARY, `${where}.addresses.PRIMARY`),
      PRIVATE: checkAddress(addresses.PRIVATE, `${where}.addresses.PRIVATE`),
    },
  };
}

function checkAddress(value: unknown, where: string): WantedAddress {
  if (value === undefined || value === null) return value;
  const address = checkText(value, where);
  const loopback = (isIP(address) === 4 && address.startsWith('127.')) || address === '::1';
  return loopback ? address : invalid(where, 'must be a loopback address (127.x.y.z or ::1) or null', value);
}

function checkPort(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 65_535
    ? value
    : invalid('port', 'must be a port number from 0 to 65535', value);
}
