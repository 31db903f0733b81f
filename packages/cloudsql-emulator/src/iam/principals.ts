import type { IamRole } from '../options.ts';
import type { ResolvedPrincipal } from '../resolve-principals.ts';

/** Who exists and what they may do. */
export class Principals {
  readonly #roles: ReadonlyMap<string, ReadonlySet<IamRole>>;
  readonly #tokenCreators: ReadonlyMap<string, ReadonlySet<string>>;
  /** E-mail of whoever does not say who they are. */
  readonly defaultEmail: string;

  constructor(principals: readonly ResolvedPrincipal[], defaultEmail: string) {
    this.#roles = new Map(principals.map(({ email, roles }) => [email, new Set(roles)]));
    this.#tokenCreators = new Map(principals.map(({ email, tokenCreators }) => [email, new Set(tokenCreators)]));
    this.defaultEmail = defaultEmail;
  }

  /** Returns the known principal that a text names (any case), or `undefined`. */
  find(email: string): string | undefined {
    const lower = email.trim().toLowerCase();
    return this.#roles.has(lower) ? lower : undefined;
  }

  hasRole(email: string, role: IamRole): boolean {
    return this.#roles.get(email)?.has(role) ?? false;
  }

  /** Tells whether a principal holds `roles/iam.serviceAccountTokenCreator` on a service account. */
  mayActAs(email: string, serviceAccount: string): boolean {
    return this.#tokenCreators.get(serviceAccount)?.has(email) ?? false;
  }
}
