import { connect } from 'node:net';
import { servePostgres } from '../data-plane/postgres-session.ts';
import type { LoginSession } from '../data-plane/session.ts';
import type { DatabaseUser } from '../database-user.ts';
import type { ServiceRules } from '../service-rules.ts';
import type { PostgresBinaries } from './binaries.ts';
import type { Database, DatabaseContent, ServerPlace } from './database.ts';
import { giveTo } from './launcher.ts';
import { PostgresSnapshots } from './postgres-snapshots.ts';
import {
  ACCESS_RULES,
  createDatabaseSql,
  createUserSql,
  dropUserSql,
  resumeStatements,
  setupStatements,
} from './setup-sql.ts';
import { ADMIN_ROLE, SqlClient, sqlStateOf } from './sql-client.ts';
import { Supervisor, serverFolder } from './supervisor.ts';
import { whenReady } from './when-ready.ts';

// The server of an emulator that was killed a moment ago may still be about to stop.
const PREPARE = `
previous=$(head -n 1 "$DATA/postmaster.pid" 2>/dev/null)
for _ in 1 2 3 4 5 6 7 8 9 10; do
  [ -n "$previous" ] && kill -0 "$previous" 2>/dev/null && sleep 0.5 || break
done
{ [ -e "$DATA/PG_VERSION" ] || $PREFIX "$BINARIES/initdb" -D "$DATA" $INITDB_OPTIONS; } &&
printf '%s' "$ACCESS_RULES" >"$DATA/pg_hba.conf"
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

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '600',
  wal_init_zero: 'off',
  max_wal_size: '256MB',
  log_checkpoints: 'off',
  'cloudsql.iam_authentication': 'on',
};

// What need not survive a crash of the machine does not wait for the disk.
const FORGETFUL: Readonly<Record<string, string>> = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
};

const DUPLICATE_DATABASE = '42P04';

/** A PostgreSQL server of the emulator's own, reachable over a Unix socket in a private folder and nowhere else. */
export class EmbeddedPostgres implements Database {
  readonly #supervisor: Supervisor;
  /** Folder of the Unix socket, as libpq's `host`. */
  readonly #socketFolder: string;
  readonly #rules: ServiceRules;
  readonly #isKept: boolean;
  readonly databaseVersion: string;
  readonly snapshots: PostgresSnapshots = new PostgresSnapshots((statements) => this.#run(...statements));

  private constructor(
    supervisor: Supervisor,
    socketFolder: string,
    rules: ServiceRules,
    databaseVersion: string,
    isKept: boolean,
  ) {
    this.#supervisor = supervisor;
    this.#isKept = isKept;
    this.#socketFolder = socketFolder;
    this.#rules = rules;
    this.databaseVersion = databaseVersion;
  }

  /**
   * Creates the cluster unless it is there, starts the server and gives it what it is to have.
   * @throws EmulatorError `DATABASE_START_FAILED` or `DATABASE_STATEMENT_FAILED`
   */
  static async start(
    place: ServerPlace,
    binaries: PostgresBinaries,
    { databases, users, rules, stored }: DatabaseContent,
  ): Promise<EmbeddedPostgres> {
    const folder = serverFolder(place);
    const { data = `${folder}/data`, isDurable, launcher } = place;
    if (place.data !== undefined) await giveTo(launcher, place.data);
    const settings = Object.entries({
      ...SETTINGS,
      ...(isDurable ? {} : FORGETFUL),
      unix_socket_directories: folder,
    });
    const supervisor = new Supervisor({
      ...place,
      data,
      prepare: PREPARE,
      command: [
        `${binaries.root}/bin/postgres`,
        ...['-D', data],
        ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      environment: {
        BINARIES: `${binaries.root}/bin`,
        EXTRA_LIBRARIES: binaries.extraLibraries ?? '',
        INITDB_OPTIONS: INITDB_OPTIONS.join(' '),
        ACCESS_RULES,
      },
    });
    const setup = stored ? resumeStatements(users, rules, stored.users) : setupStatements(databases, users, rules);
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
      const server = new EmbeddedPostgres(supervisor, folder, rules, `POSTGRES_${major}`, place.data !== undefined);
      if (stored) for (const each of databases) await server.createDatabase(each);
      return server;
    } catch (error) {
      await supervisor.stop();
      throw error;
    }
  }

  url(database = 'postgres'): string {
    const host = encodeURIComponent(this.#socketFolder);
    return `postgresql://${ADMIN_ROLE}@localhost:5432/${encodeURIComponent(database)}?host=${host}`;
  }

  async createDatabase(name: string): Promise<void> {
    await this.#run(createDatabaseSql(name, this.#rules)).catch((error: unknown) => {
      if (sqlStateOf(error) !== DUPLICATE_DATABASE) throw error;
    });
  }

  async createUser(user: DatabaseUser): Promise<void> {
    await this.#run(createUserSql(user, this.#rules));
  }

  async dropUser(user: DatabaseUser): Promise<void> {
    await this.#run(dropUserSql(user.name));
  }

  async serve(session: LoginSession): Promise<void> {
    await servePostgres(session, async () => {
      await this.snapshots.settled();
      return connect({ path: socketPathIn(this.#socketFolder), allowHalfOpen: true });
    });
  }

  async stop(): Promise<void> {
    // Kept data is to be as its users left it.
    if (this.#isKept) await this.snapshots.clear().catch(() => undefined);
    await this.#supervisor.stop();
  }

  async #run(...statements: readonly string[]): Promise<void> {
    const client = await SqlClient.connect(socketPathIn(this.#socketFolder), 'postgres');
    try {
      for (const statement of statements) await client.run(statement);
    } finally {
      await client.close();
    }
  }
}

function socketPathIn(folder: string): string {
  return `${folder}/.s.PGSQL.5432`;
}
