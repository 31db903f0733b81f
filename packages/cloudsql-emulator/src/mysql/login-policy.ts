import type { UserRegistry } from '../database/users.ts';
import type { Principals } from '../iam/principals.ts';
import type { ServiceRules } from '../service-rules.ts';
import type { MysqlError } from './packets.ts';

/** What happens to a login. */
export type MysqlLoginDecision =
  /** The database decides about the password. */
  | { readonly action: 'FORWARD' }
  /** IAM has said yes: the emulator logs in. */
  | { readonly action: 'LOG_IN' }
  /** The client must show an access token as its password. */
  | { readonly action: 'ASK_TOKEN' }
  | { readonly action: 'REFUSE'; readonly error: MysqlError };

/** Who wants to log in, and what is known of everybody. */
export interface MysqlLogin {
  readonly user: string;
  /** Where the client comes from, as the server shows it. */
  readonly host: string;
  readonly usesPassword: boolean;
  readonly users: UserRegistry;
  readonly principals: Principals;
  readonly rules: ServiceRules;
}

const ACCESS_DENIED = { code: 1045, sqlState: '28000' } as const;
// The text of a public report.
const IAM_USERS_ONLY =
  'Cloud SQL MySQL: Automatic IAM authentication via the auth-proxy requires an IAM-authenticated user. Access denied for other users.';

/** Decides about a login by the database user's name and the identity that the client came with. */
export function decideMysqlLogin(login: MysqlLogin, principal: string | undefined): MysqlLoginDecision {
  const email = login.users.find(login.user)?.email;
  if (principal === undefined) return { action: email === undefined ? 'FORWARD' : 'ASK_TOKEN' };
  if (email === undefined) return { action: 'REFUSE', error: { ...ACCESS_DENIED, message: IAM_USERS_ONLY } };
  // The whole e-mail: a user's name is only its beginning, which several principals may share.
  return email === principal && login.principals.may(principal, login.rules.loginPermission)
    ? { action: 'LOG_IN' }
    : denied(login);
}

/** Decides about the access token that was shown as a password. */
export function decideMysqlToken(
  login: MysqlLogin,
  token: { readonly email: string; readonly scopes: readonly string[] } | undefined,
): MysqlLoginDecision {
  const { users, principals, rules } = login;
  const mayUse =
    token !== undefined &&
    users.find(login.user)?.email === token.email &&
    rules.mayLogIn(token.scopes) &&
    principals.may(token.email, rules.loginPermission);
  return mayUse ? { action: 'LOG_IN' } : denied(login);
}

function denied({ user, host, usesPassword }: MysqlLogin): MysqlLoginDecision {
  const message = `Access denied for user '${user}'@'${host}' (using password: ${usesPassword ? 'YES' : 'NO'})`;
  return { action: 'REFUSE', error: { ...ACCESS_DENIED, message } };
}
