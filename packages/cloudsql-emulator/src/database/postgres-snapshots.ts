import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Snapshots } from './database.ts';
import { quoteIdentifier, quoteLiteral, sqlStateOf } from './sql-client.ts';

/** Runs statements as superuser, one after the other on one connection. */
export type RunStatements = (statements: readonly string[]) => Promise<void>;

const OBJECT_IN_USE = '55006';
const ATTEMPTS = 50;
const RETRY_MS = 20;

/** Keeps the states of databases as databases of their own, which PostgreSQL copies file by file. */
export class PostgresSnapshots implements Snapshots {
  readonly #run: RunStatements;
  readonly #kept = new Set<string>();
  #busy: Promise<void> = Promise.resolve();

  constructor(run: RunStatements) {
    this.#run = run;
  }

  /** Resolves when no database is being copied. New connections wait for that, since they would get in the way. */
  settled(): Promise<void> {
    return this.#busy;
  }

  async take(database: string): Promise<string> {
    const snapshot = `cloudsql_snapshot_${randomBytes(6).toString('hex')}`;
    await this.#alone(() => this.#copy(database, snapshot, []));
    this.#kept.add(snapshot);
    return snapshot;
  }

  async restore(snapshot: string, database: string): Promise<void> {
    const drop = `DROP DATABASE IF EXISTS ${quoteIdentifier(database)} WITH (FORCE)`;
    await this.#alone(() => this.#copy(snapshot, database, [drop]));
  }

  /** Forgets all of them. */
  async clear(): Promise<void> {
    await this.#busy;
    await this.#run([...this.#kept].map((snapshot) => `DROP DATABASE IF EXISTS ${quoteIdentifier(snapshot)}`));
    this.#kept.clear();
  }

  /** One after the other, with all others kept out. */
  #alone(act: () => Promise<void>): Promise<void> {
    const done = this.#busy.then(act);
    this.#busy = done.catch(() => undefined);
    return done;
  }

  async #copy(from: string, to: string, before: readonly string[]): Promise<void> {
    const statements = [
      ...before,
      // A database that somebody is connected to cannot be copied.
      `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = ${quoteLiteral(from)}`,
      `CREATE DATABASE ${quoteIdentifier(to)} TEMPLATE ${quoteIdentifier(from)} STRATEGY file_copy`,
      copyProperties(from, to),
    ];
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#run(statements);
      } catch (error) {
        // Somebody whose login was on its way has come in between.
        if (sqlStateOf(error) !== OBJECT_IN_USE || attempt === ATTEMPTS) throw error;
        await delay(RETRY_MS);
      }
    }
  }
}

/** The owner, the privileges and the settings of a database, which a copy does not have. */
function copyProperties(from: string, to: string): string {
  const source = quoteLiteral(from);
  const target = quoteLiteral(to);
  return `DO $copy$ BEGIN
    EXECUTE format('ALTER DATABASE %I OWNER TO %I', ${target},
      (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = ${source}));
    UPDATE pg_database SET datacl = source.datacl FROM pg_database source
      WHERE source.datname = ${source} AND pg_database.datname = ${target};
    INSERT INTO pg_db_role_setting SELECT target.oid, setrole, setconfig
      FROM pg_db_role_setting JOIN pg_database source ON source.oid = setdatabase, pg_database target
      WHERE source.datname = ${source} AND target.datname = ${target};
  END $copy$`;
}
