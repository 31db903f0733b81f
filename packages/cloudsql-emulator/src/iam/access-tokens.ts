import { randomBytes } from 'node:crypto';

/** An access token and what it stands for. */
export interface AccessToken {
  readonly token: string;
  readonly email: string;
  readonly scopes: readonly string[];
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

const MAX_TOKENS = 100_000;

/** Issues opaque access tokens and remembers them until they expire. */
export class AccessTokens {
  readonly #tokens = new Map<string, AccessToken>();

  issue(email: string, scopes: readonly string[], lifetimeMs: number): AccessToken {
    this.#forgetOldest();
    const token = `ya29.emulator.${randomBytes(32).toString('base64url')}`;
    const issued = { token, email, scopes, expiresAt: Date.now() + lifetimeMs };
    this.#tokens.set(token, issued);
    return issued;
  }

  /** Returns a token that was issued here and has not expired. */
  find(token: string): AccessToken | undefined {
    const found = this.#tokens.get(token);
    return found && found.expiresAt > Date.now() ? found : undefined;
  }

  // The map is in order of issue, so that what has expired gathers at its front.
  #forgetOldest(): void {
    const now = Date.now();
    for (const [token, { expiresAt }] of this.#tokens) {
      if (expiresAt > now && this.#tokens.size < MAX_TOKENS) return;
      this.#tokens.delete(token);
    }
  }
}
