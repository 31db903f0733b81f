import { isServiceAccount } from './iam/accounts.ts';
import { checkArray, checkEmail, checkKeys, checkRecord, checkText, invalid } from './option-checks.ts';
import type { ServiceRules } from './service-rules.ts';

/** How a database user proves who it is. */
export type DatabaseUserKind = 'SERVICE_ACCOUNT' | 'USER' | 'GROUP' | 'BUILT_IN';

/** A database user after validation. */
export interface DatabaseUser {
  readonly kind: DatabaseUserKind;
  /** Name of the database role. */
  readonly name: string;
  /** E-mail of the principal; set for IAM users only. */
  readonly email?: string;
  /** Set for built-in users only. */
  readonly password?: string;
  readonly databaseRoles: readonly string[];
}

/** Validates the options of one database user. */
export function resolveUser(value: unknown, where: string, rules: ServiceRules): DatabaseUser {
  const record = checkRecord(value, where);
  const isGroup = 'group' in record;
  const isIam = isGroup || 'email' in record;
  const known = isIam ? [isGroup ? 'group' : 'email'] : ['name', 'password', 'email', 'group'];
  const given: Partial<Record<'email' | 'group' | 'name' | 'password' | 'databaseRoles', unknown>> = checkKeys(
    record,
    where,
    [...known, 'databaseRoles'],
  );
  const databaseRoles = checkArray(
    given.databaseRoles ?? (isIam ? [] : [rules.superuserRole]),
    `${where}.databaseRoles`,
  );
  const roles = databaseRoles.map((role, index) => checkText(role, `${where}.databaseRoles[${index}]`));
  if (roles.includes('cloudsqladmin'))
    invalid(`${where}.databaseRoles`, "must not name the server's own role", 'cloudsqladmin');
  if (isGroup) {
    const email = checkEmail(given.group, `${where}.group`);
    if (rules.iamRoles.GROUP.length === 0) invalid(`${where}.group`, 'is for Cloud SQL for PostgreSQL only', email);
    return { kind: 'GROUP', name: checkLength(email, `${where}.group`, rules), databaseRoles: roles };
  }
  if (isIam) {
    const email = checkEmail(given.email, `${where}.email`);
    const kind = isServiceAccount(email) ? 'SERVICE_ACCOUNT' : 'USER';
    const name = checkLength(rules.userName(email), `${where}.email`, rules);
    return { kind, name, email, databaseRoles: roles };
  }
  const name = checkLength(checkText(given.name, `${where}.name`), `${where}.name`, rules);
  if (name.includes('@')) invalid(`${where}.name`, "must not contain '@' (give an IAM user as { email })", name);
  if (rules.reservedPrefixes.some((prefix) => name.startsWith(prefix))) {
    invalid(`${where}.name`, `must not start with ${rules.reservedPrefixes.join(' or ')}, which are reserved`, name);
  }
  const password = checkPassword(given.password, `${where}.password`);
  return { kind: 'BUILT_IN', name, password, databaseRoles: roles };
}

function checkPassword(value: unknown, where: string): string {
  // The value itself never goes into the message.
  return typeof value === 'string' && value !== '' && !value.includes('\0')
    ? value
    : invalid(where, 'must be a non-empty string', typeof value);
}

function checkLength(name: string, where: string, { maxUserNameBytes }: ServiceRules): string {
  return Buffer.byteLength(name) <= maxUserNameBytes
    ? name
    : invalid(where, `must give a database user name of at most ${maxUserNameBytes} bytes`, name);
}
