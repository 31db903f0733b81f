import { connect } from 'node:net';
import { servePostgres } from '../data-plane/postgres-session.ts';
import type { LoginSession } from '../data-plane/session.ts';
import type { DatabaseUser } from '../database-user.ts';
import type { ServiceRules } from '../service-rules.ts';
import type { PostgresBinaries } from './binaries.ts';
import type { Database } from './database.ts';
import type { Launcher } from './launcher.ts';
import { ACCESS_RULES, createUserSql, dropUserSql } from './setup-sql.ts';
import { ADMIN_ROLE, SqlClient } from './sql-client.ts';
import { Supervisor, serverFolder } from './supervisor.ts';
import { whenReady } from './when-ready.ts';

/** Where and how a database server is started. */
export interface DatabaseOptions {
  readonly launcher: Launcher;
  readonly binaries: PostgresBinaries;
  readonly workspace: string;
  /** Name of this server's folder, unique in the workspace. */
  readonly folder: string;
  readonly rules: ServiceRules;
}

const PREPARE = `
$PREFIX "$BINARIES/initdb" -D "$FOLDER/data" $INITDB_OPTIONS &&
printf '%s' "$ACCESS_RULES" >"$FOLDER/data/pg_hba.conf"
`;

const INITDB_OPTIONS = [
  `--username=${ADMIN_ROLE}`,
  '--auth=trust',
  '--no-sync',
  '--no-instructions',
  '--encoding=UTF8',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
];

// Nothing has to survive a crash of the machine, so nothing waits for the disk.
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '600',
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  wal_init_zero: 'off',
  max_wal_size: '256MB',
  log_checkpoints: 'off',
  'cloudsql.iam_authentication': 'on',
};

/** A PostgreSQL server with a fresh cluster, reachable over a Unix socket in a private folder and nowhere else. */
export class EmbeddedPostgres implements Database {
  readonly #supervisor: Supervisor;
  /** Folder of the Unix socket, as libpq's `host`. */
  readonly #socketFolder: string;
  readonly #rules: ServiceRules;
  readonly databaseVersion: string;

  private constructor(supervisor: Supervisor, socketFolder: string, rules: ServiceRules, databaseVersion: string) {
    this.#supervisor = supervisor;
    this.#socketFolder = socketFolder;
    this.#rules = rules;
    this.databaseVersion = databaseVersion;
  }

  /**
   * Creates the cluster, starts the server and runs the statements.
   * @throws EmulatorError `DATABASE_START_FAILED` or `DATABASE_STATEMENT_FAILED`
   */
  static async start(options: DatabaseOptions, setup: readonly string[]): Promise<EmbeddedPostgres> {
    const { binaries, rules, ...place } = options;
    const folder = serverFolder(place);
    const settings = Object.entries({ ...SETTINGS, unix_socket_directories: folder });
    const supervisor = new Supervisor({
      ...place,
      prepare: PREPARE,
      command: [
        `${binaries.root}/bin/postgres`,
        ...['-D', `${folder}/data`],
        ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      environment: {
        BINARIES: `${binaries.root}/bin`,
        EXTRA_LIBRARIES: binaries.extraLibraries ?? '',
        INITDB_OPTIONS: INITDB_OPTIONS.join(' '),
        ACCESS_RULES,
      },
    });
    try {
      const client = await whenReady('PostgreSQL', supervisor, () =>
        SqlClient.connect(socketPathIn(folder), 'postgres'),
      );
      try {
        for (const statement of setup) await client.run(statement);
      } finally {
        await client.close();
      }
      const major = client.settings.get('server_version')?.split('.')[0] ?? '';
      return new EmbeddedPostgres(supervisor, folder, rules, `POSTGRES_${major}`);
    } catch (error) {
      await supervisor.stop();
      throw error;
    }
  }

  url(database = 'postgres'): string {
    const host = encodeURIComponent(this.#socketFolder);
    return `postgresql://${ADMIN_ROLE}@localhost:5432/${encodeURIComponent(database)}?host=${host}`;
  }

  async createUser(user: DatabaseUser): Promise<void> {
    await this.#run(createUserSql(user, this.#rules));
  }

  async dropUser(user: DatabaseUser): Promise<void> {
    await this.#run(dropUserSql(user.name));
  }

  async serve(session: LoginSession): Promise<void> {
    await servePostgres(session, () => connect({ path: socketPathIn(this.#socketFolder), allowHalfOpen: true }));
  }

  async stop(): Promise<void> {
    await this.#supervisor.stop();
  }

  async #run(sql: string): Promise<void> {
    const client = await SqlClient.connect(socketPathIn(this.#socketFolder), 'postgres');
    try {
      await client.run(sql);
    } finally {
      await client.close();
    }
  }
}

function socketPathIn(folder: string): string {
  return `${folder}/.s.PGSQL.5432`;
}
