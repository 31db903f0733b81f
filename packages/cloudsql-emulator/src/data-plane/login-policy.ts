import { ADMIN_ROLE } from '../database/sql-client.ts';
import type { UserRegistry } from '../database/users.ts';
import { isServiceAccount } from '../iam/accounts.ts';
import type { Principals } from '../iam/principals.ts';
import type { ServiceRules } from '../service-rules.ts';
import type { ErrorFields } from '../wire/messages.ts';

/** What happens to a login. */
export type LoginDecision =
  /** The database decides: IAM has said yes, or it is none of its business. */
  | {
      readonly action: 'FORWARD';
      /** Groups through which the principal gets a database user of its own first. */
      readonly groups?: readonly string[];
    }
  /** The client must show an access token as its password. */
  | { readonly action: 'ASK_TOKEN' }
  | { readonly action: 'REFUSE'; readonly error: ErrorFields };

/** Who and what a decision is about. */
export interface LoginParties {
  readonly users: UserRegistry;
  readonly principals: Principals;
  readonly rules: ServiceRules;
}

const FORWARD: LoginDecision = { action: 'FORWARD' };

/** Decides about a login by the database user's name and the identity that the client came with. */
export function decideLogin(user: string, principal: string | undefined, parties: LoginParties): LoginDecision {
  const { users, principals, rules } = parties;
  if (user === ADMIN_ROLE) return refuse(passwordFailure(user));
  // The database trusts every name with '@', so each of them is decided here and nowhere else.
  if (!user.includes('@')) return FORWARD;
  const isOwnName = principal !== undefined && rules.userName(principal) === user;
  if (!users.find(user)) {
    const groups = isOwnName
      ? principals.groupsOf(principal).filter((group) => users.find(group)?.kind === 'GROUP')
      : [];
    if (isOwnName && groups.length > 0 && principals.may(principal, rules.loginPermission)) {
      return { action: 'FORWARD', groups };
    }
    return refuse(isOwnName ? iamFailure(user, isServiceAccount(principal), rules) : passwordFailure(user));
  }
  if (principal === undefined) return { action: 'ASK_TOKEN' };
  const mayUse = isOwnName && principals.may(principal, rules.loginPermission);
  return mayUse ? FORWARD : refuse(iamFailure(user, isServiceAccountUser(user, users), rules));
}

/** Decides about the access token that was shown as a password. */
export function decideToken(
  user: string,
  token: { readonly email: string; readonly scopes: readonly string[] } | undefined,
  { users, principals, rules }: LoginParties,
): LoginDecision {
  const mayUse =
    token !== undefined &&
    rules.userName(token.email) === user &&
    rules.mayLogIn(token.scopes) &&
    principals.may(token.email, rules.loginPermission);
  return mayUse ? FORWARD : refuse(iamFailure(user, isServiceAccountUser(user, users), rules));
}

/** SQLSTATE of every failed authentication. */
export const INVALID_PASSWORD = '28P01';

function iamFailure(user: string, isService: boolean, { iamFailure: say }: ServiceRules): ErrorFields {
  return { code: INVALID_PASSWORD, message: say(user, isService) };
}

function passwordFailure(user: string): ErrorFields {
  return { code: INVALID_PASSWORD, message: `password authentication failed for user "${user}"` };
}

function isServiceAccountUser(user: string, users: UserRegistry): boolean {
  return users.find(user)?.kind === 'SERVICE_ACCOUNT';
}

function refuse(error: ErrorFields): LoginDecision {
  return { action: 'REFUSE', error };
}
