import type { DatabaseUser } from '../database-user.ts';
import { checkArray, checkKeys, checkRecord, checkText, invalid } from '../option-checks.ts';
import type { PrincipalOptions } from '../options.ts';

/** What is known of an instance whose data is kept. Passwords are in the database only. */
export interface StoredInstance {
  readonly name: string;
  readonly databaseVersion: string;
  readonly databases: readonly string[];
  readonly users: readonly DatabaseUser[];
}

/** The configuration that lies beside the data. */
export interface StoredState {
  /** Data of one platform is of no use on another. */
  readonly platform: string;
  readonly principals: readonly PrincipalOptions[];
  readonly defaultPrincipal: string;
  readonly instances: readonly StoredInstance[];
}

const FORMAT = 1;
const KINDS = ['SERVICE_ACCOUNT', 'USER', 'GROUP', 'BUILT_IN'];

/** The platform of this process, as it stands in the configuration. */
export const PLATFORM: string = `${process.platform}-${process.arch}`;

/** Returns the text of a configuration file. */
export function writeState(state: StoredState): string {
  return `${JSON.stringify({ format: FORMAT, ...state }, null, 2)}\n`;
}

/** Reads the text of a configuration file, as far as options do not check it anyway. @throws EmulatorError `INVALID_OPTION` */
export function readState(text: string, where: string): StoredState {
  const value = checkRecord(parse(text, where), where);
  const { format, platform, principals, defaultPrincipal, instances } = checkKeys(value, where, [
    'format',
    'platform',
    'principals',
    'defaultPrincipal',
    'instances',
  ]);
  if (format !== FORMAT) invalid(`${where}.format`, `must be ${FORMAT}`, format);
  if (platform !== PLATFORM)
    invalid(`${where}.platform`, `must be ${PLATFORM}, as data of another is of no use`, platform);
  return {
    platform: PLATFORM,
    principals: checkArray(principals, `${where}.principals`) as readonly PrincipalOptions[],
    defaultPrincipal: checkText(defaultPrincipal, `${where}.defaultPrincipal`),
    instances: checkArray(instances, `${where}.instances`).map((instance, index) =>
      readInstance(instance, `${where}.instances[${index}]`),
    ),
  };
}

function readInstance(value: unknown, where: string): StoredInstance {
  const known = ['name', 'databaseVersion', 'databases', 'users'] as const;
  const { name, databaseVersion, databases, users } = checkKeys(checkRecord(value, where), where, known);
  return {
    name: checkText(name, `${where}.name`),
    databaseVersion: checkText(databaseVersion, `${where}.databaseVersion`),
    databases: texts(databases, `${where}.databases`),
    users: checkArray(users, `${where}.users`).map((user, index) => readUser(user, `${where}.users[${index}]`)),
  };
}

function readUser(value: unknown, where: string): DatabaseUser {
  const known = ['kind', 'name', 'email', 'databaseRoles'] as const;
  const { kind, name, email, databaseRoles } = checkKeys(checkRecord(value, where), where, known);
  if (!KINDS.includes(checkText(kind, `${where}.kind`)))
    invalid(`${where}.kind`, `must be one of ${KINDS.join(', ')}`, kind);
  return {
    kind: kind as DatabaseUser['kind'],
    name: checkText(name, `${where}.name`),
    ...(email === undefined ? {} : { email: checkText(email, `${where}.email`) }),
    databaseRoles: texts(databaseRoles, `${where}.databaseRoles`),
  };
}

function texts(value: unknown, where: string): readonly string[] {
  return checkArray(value, where).map((text, index) => checkText(text, `${where}[${index}]`));
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return invalid(where, 'must be JSON', 'something else');
  }
}
