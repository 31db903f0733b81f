import { isServiceAccount } from './iam/accounts.ts';
import { ROLES } from './iam/permissions.ts';
import { nearestName } from './nearest-name.ts';
import { checkArray, checkEmail, checkKeys, checkRecord, checkText, invalid } from './option-checks.ts';
import type { IamRole } from './options.ts';

/** A principal after validation. */
export interface ResolvedPrincipal {
  readonly email: string;
  /** Set for groups only. */
  readonly members?: readonly string[];
  readonly roles: readonly IamRole[];
  readonly tokenCreators: readonly string[];
}

/** Validates the principals. If none are given there is one, with all roles. @throws EmulatorError `INVALID_OPTION` */
export function resolvePrincipals(
  given: { readonly principals?: unknown; readonly defaultPrincipal?: unknown },
  defaultEmail: string,
): { readonly principals: readonly ResolvedPrincipal[]; readonly defaultPrincipal: string } {
  const principals = checkArray(given.principals ?? [{ email: defaultEmail }], 'principals').map((principal, index) =>
    resolvePrincipal(principal, `principals[${index}]`),
  );
  const emails = principals.filter(({ members }) => members === undefined).map(({ email }) => email);
  const first = emails[0] ?? invalid('principals', 'needs at least one principal', given.principals);
  for (const [index, { members = [] }] of principals.entries()) {
    const stranger = members.find((member) => !emails.includes(member));
    if (stranger !== undefined) {
      invalid(
        `principals[${index}].members`,
        `must name other principals that are no groups (${emails.join(', ')})`,
        stranger,
      );
    }
  }
  const defaultPrincipal =
    given.defaultPrincipal === undefined ? first : checkEmail(given.defaultPrincipal, 'defaultPrincipal');
  if (!emails.includes(defaultPrincipal)) {
    invalid('defaultPrincipal', `must be one of the principals (${emails.join(', ')})`, defaultPrincipal);
  }
  return { principals, defaultPrincipal };
}

function resolvePrincipal(value: unknown, where: string): ResolvedPrincipal {
  const given = checkKeys(checkRecord(value, where), where, ['email', 'members', 'roles', 'tokenCreators']);
  const email = checkEmail(given.email, `${where}.email`);
  const members =
    given.members === undefined
      ? undefined
      : checkArray(given.members, `${where}.members`).map((member, index) =>
          checkEmail(member, `${where}.members[${index}]`),
        );
  if (members && isServiceAccount(email)) invalid(`${where}.members`, 'is for groups, not for service accounts', email);
  const tokenCreators = checkArray(given.tokenCreators ?? [], `${where}.tokenCreators`).map((creator, index) =>
    checkEmail(creator, `${where}.tokenCreators[${index}]`),
  );
  if (tokenCreators.length > 0 && !isServiceAccount(email)) {
    invalid(`${where}.tokenCreators`, 'is for service accounts only', email);
  }
  const roles = checkArray(given.roles ?? (members ? [] : ROLES), `${where}.roles`).map((role, index) => {
    const name = checkText(role, `${where}.roles[${index}]`);
    const known = ROLES.find((candidate) => candidate === name);
    if (known) return known;
    const nearest = nearestName(name, ROLES);
    const hint = nearest ? `is not a known role; did you mean '${nearest}'?` : `must be one of ${ROLES.join(', ')}`;
    return invalid(`${where}.roles[${index}]`, hint, role);
  });
  return { email, roles, tokenCreators, ...(members ? { members } : {}) };
}
