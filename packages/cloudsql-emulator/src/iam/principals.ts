import type { IamRole } from '../options.ts';
import type { ResolvedPrincipal } from '../resolve-principals.ts';
import type { Permission } from './permissions.ts';
import { grants } from './permissions.ts';

/** Who exists and what they may do. */
export class Principals {
  readonly #principals: ReadonlyMap<string, ResolvedPrincipal>;
  readonly #groups: readonly ResolvedPrincipal[];
  /** E-mail of whoever does not say who they are. */
  readonly defaultEmail: string;

  constructor(principals: readonly ResolvedPrincipal[], defaultEmail: string) {
    this.#principals = new Map(principals.map((principal) => [principal.email, principal]));
    this.#groups = principals.filter(({ members }) => members !== undefined);
    this.defaultEmail = defaultEmail;
  }

  /** Returns the known principal that a text names (any case) and that can act, as a group cannot; or `undefined`. */
  find(email: string): string | undefined {
    const found = this.#principals.get(email.trim().toLowerCase());
    return found?.members === undefined ? found?.email : undefined;
  }

  /** E-mails of the groups that a principal is in. */
  groupsOf(email: string): readonly string[] {
    return this.#groups.filter(({ members }) => members?.includes(email)).map((group) => group.email);
  }

  /** Tells whether a role of a principal, or of a group that it is in, holds a permission. */
  may(email: string, permission: Permission): boolean {
    return this.#rolesOf(email).some((role) => grants(role, permission));
  }

  /** Tells whether a principal holds `roles/iam.serviceAccountTokenCreator` on a service account. */
  mayActAs(email: string, serviceAccount: string): boolean {
    return this.#principals.get(serviceAccount)?.tokenCreators.includes(email) ?? false;
  }

  #rolesOf(email: string): readonly IamRole[] {
    return [email, ...this.groupsOf(email)].flatMap((each) => this.#principals.get(each)?.roles ?? []);
  }
}
