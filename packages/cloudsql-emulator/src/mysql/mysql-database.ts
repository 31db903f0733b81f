import type { LoginSession } from '../data-plane/session.ts';
import type { Database, DatabaseContent } from '../database/database.ts';
import { newSecret } from '../database/new-secret.ts';
import type { DatabaseUser } from '../database-user.ts';
import { type MysqlAccess, MysqlClient } from './mysql-client.ts';
import { serveMysql } from './session.ts';
import {
  changePasswordStatement,
  createDatabaseStatement,
  createUserStatements,
  dropUserStatement,
  type Flavour,
  roleStatements,
} from './setup-sql.ts';

/** A running server, and what it is to have. */
export interface MysqlParts {
  readonly access: MysqlAccess;
  /** URL of its superuser; the database in it is replaced. */
  readonly url: string;
  readonly content: DatabaseContent;
  /** Whether it is somebody else's: then users may be there already. */
  readonly isBorrowed?: boolean;
  readonly stop?: () => Promise<void>;
}

/** A MySQL or MariaDB server, whoever runs it. */
export class MysqlDatabase implements Database {
  readonly #parts: MysqlParts;
  readonly #flavour: Flavour;
  /** IAM users have passwords, too: the emulator logs in with them once it knows who somebody is. */
  readonly #secrets = new Map<string, string>();
  readonly databaseVersion: string;

  private constructor(parts: MysqlParts, flavour: Flavour) {
    this.#parts = parts;
    this.#flavour = flavour;
    this.databaseVersion = parts.content.engine.version;
  }

  /** Gives a server what it is to have, with a client that is closed then. @throws EmulatorError `DATABASE_STATEMENT_FAILED` */
  static async fill(client: MysqlClient, parts: MysqlParts): Promise<MysqlDatabase> {
    try {
      const flavour = client.greeting.serverVersion.includes('MariaDB') ? 'MARIADB' : 'MYSQL';
      const database = new MysqlDatabase(parts, flavour);
      await database.#fill(client);
      return database;
    } finally {
      await client.close();
    }
  }

  url(database = 'mysql'): string {
    const url = new URL(this.#parts.url);
    url.pathname = `/${encodeURIComponent(database)}`;
    return url.href;
  }

  async createDatabase(name: string): Promise<void> {
    await this.#asAdmin((client) => client.run([createDatabaseStatement(name)]));
  }

  async createUser(user: DatabaseUser): Promise<void> {
    await this.#asAdmin((client) => this.#create(client, user));
  }

  async dropUser({ name }: DatabaseUser): Promise<void> {
    await this.#asAdmin((client) => client.run([dropUserStatement(name)]));
    this.#secrets.delete(name);
  }

  async serve(session: LoginSession): Promise<void> {
    await serveMysql(session, { ...this.#parts.access, passwordOf: (user) => this.#secrets.get(user) });
  }

  async stop(): Promise<void> {
    await this.#parts.stop?.();
  }

  /** Nobody is dropped from data that was kept. */
  async #fill(client: MysqlClient): Promise<void> {
    const { databases, users, rules, stored } = this.#parts.content;
    if (!stored) await client.run(roleStatements(rules));
    await client.run(databases.map(createDatabaseStatement));
    for (const user of users) {
      if (stored?.users.some(({ name }) => name === user.name)) await this.#resume(client, user);
      else await this.#create(client, user);
    }
  }

  async #create(client: MysqlClient, user: DatabaseUser): Promise<void> {
    const password = this.#passwordFor(user) ?? '';
    await client.run(createUserStatements(user, password, this.#flavour, this.#parts.isBorrowed));
  }

  async #resume(client: MysqlClient, user: DatabaseUser): Promise<void> {
    const password = this.#passwordFor(user);
    if (password !== undefined) await client.run([changePasswordStatement(user.name, password)]);
  }

  #passwordFor({ kind, name, password }: DatabaseUser): string | undefined {
    if (kind === 'BUILT_IN') return password;
    const secret = newSecret();
    this.#secrets.set(name, secret);
    return secret;
  }

  async #asAdmin(work: (client: MysqlClient) => Promise<void>): Promise<void> {
    const client = await MysqlClient.connect(this.#parts.access);
    try {
      await work(client);
    } finally {
      await client.close();
    }
  }
}
