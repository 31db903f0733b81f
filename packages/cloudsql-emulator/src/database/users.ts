import type { DatabaseUser } from '../database-user.ts';

/** The database users of one instance. It, not the database, decides who is an IAM user. */
export class UserRegistry {
  readonly #users = new Map<string, DatabaseUser>();
  /** Users that are being made of members of groups. */
  readonly joining: Map<string, Promise<void>> = new Map();

  constructor(users: readonly DatabaseUser[]) {
    for (const user of users) this.add(user);
  }

  add(user: DatabaseUser): void {
    this.#users.set(user.name, user);
  }

  remove(name: string): void {
    this.#users.delete(name);
  }

  list(): readonly DatabaseUser[] {
    return [...this.#users.values()];
  }

  find(name: string): DatabaseUser | undefined {
    return this.#users.get(name);
  }
}
