import type { NetConnectOpts } from 'node:net';
import { connect } from 'node:net';
import { servePostgres } from '../data-plane/postgres-session.ts';
import type { LoginSession } from '../data-plane/session.ts';
import type { DatabaseUser } from '../database-user.ts';
import { EmulatorError, messageOf } from '../errors.ts';
import type { ServiceRules } from '../service-rules.ts';
import type { Database, DatabaseContent } from './database.ts';
import { newSecret } from './new-secret.ts';
import { borrowedStatements, createOrdinaryDatabaseSql, dropUserSql, ensureUserSql } from './setup-sql.ts';
import { SqlClient, sqlStateOf } from './sql-client.ts';

const DUPLICATE_DATABASE = '42P04';

/** A PostgreSQL server that somebody else runs. */
export class PostgresAtUrl implements Database {
  readonly #url: URL;
  readonly #to: NetConnectOpts;
  readonly #rules: ServiceRules;
  /** IAM users have passwords here: the emulator logs in with them once it knows who somebody is. */
  readonly #secrets = new Map<string, string>();
  databaseVersion = '';

  private constructor(url: string, rules: ServiceRules) {
    this.#url = new URL(url);
    this.#rules = rules;
    const { hostname, port, searchParams } = this.#url;
    const folder = searchParams.get('host');
    this.#to =
      folder === null
        ? { host: hostname.replace(/[[\]]/g, ''), port: Number(port || 5432) }
        : { path: `${folder}/.s.PGSQL.${port || 5432}` };
  }

  /**
   * Connects and gives the server what it is to have. The user in the URL has to be a superuser.
   * @throws EmulatorError `DATABASE_START_FAILED` or `DATABASE_STATEMENT_FAILED`
   */
  static async open(url: string, { databases, users, rules }: DatabaseContent): Promise<PostgresAtUrl> {
    const server = new PostgresAtUrl(url, rules);
    const client = await server.#connect().catch((cause: unknown) => {
      if (cause instanceof EmulatorError) throw cause;
      const message = `PostgreSQL does not answer at ${server.#url.host}: ${messageOf(cause)}.`;
      throw new EmulatorError('DATABASE_START_FAILED', message, { cause });
    });
    server.databaseVersion = `POSTGRES_${client.settings.get('server_version')?.split('.')[0]}`;
    await client.close();
    await server.#run(...borrowedStatements(rules));
    for (const name of databases) await server.createDatabase(name);
    for (const user of users) await server.createUser(user);
    return server;
  }

  url(database?: string): string {
    const url = new URL(this.#url);
    if (database !== undefined) url.pathname = `/${encodeURIComponent(database)}`;
    return url.href;
  }

  async createDatabase(name: string): Promise<void> {
    await this.#run(createOrdinaryDatabaseSql(name, this.#rules)).catch((error: unknown) => {
      if (sqlStateOf(error) !== DUPLICATE_DATABASE) throw error;
    });
  }

  async createUser(user: DatabaseUser): Promise<void> {
    const isIam = user.kind === 'SERVICE_ACCOUNT' || user.kind === 'USER';
    const password = isIam ? newSecret() : user.password;
    await this.#run(ensureUserSql(user, this.#rules, password));
    if (isIam) this.#secrets.set(user.name, password!);
  }

  async dropUser({ name }: DatabaseUser): Promise<void> {
    await this.#run(dropUserSql(name));
    this.#secrets.delete(name);
  }

  async serve(session: LoginSession): Promise<void> {
    const open = async () => connect({ ...this.#to, allowHalfOpen: true });
    await servePostgres(session, open, (user) => this.#secrets.get(user));
  }

  async stop(): Promise<void> {}

  async #connect(): Promise<SqlClient> {
    const { username, password, pathname } = this.#url;
    return await SqlClient.connect(this.#to, decodeURIComponent(pathname.slice(1)) || 'postgres', {
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
    });
  }

  async #run(...statements: readonly string[]): Promise<void> {
    const client = await this.#connect();
    try {
      for (const statement of statements) await client.run(statement);
    } finally {
      await client.close();
    }
  }
}
