import { setTimeout as delay } from 'node:timers/promises';
import { EmulatorError, systemCode } from '../errors.ts';
import type { ServiceRules } from '../service-rules.ts';
import type { Launcher } from './launcher.ts';
import { giveTo } from './launcher.ts';
import { ACCESS_RULES, createDatabaseSql } from './setup-sql.ts';
import { ADMIN_ROLE, SqlClient, sqlStateOf } from './sql-client.ts';
import { Supervisor } from './supervisor.ts';

/** Where and how a database server is started. */
export interface DatabaseOptions {
  readonly launcher: Launcher;
  readonly workspace: string;
  /** Name of this server's folder, unique in the workspace. Kept short: the path of a socket has little room. */
  readonly folder: string;
  /**
   * Folder in which the data is kept. What is in it already is used.
   * @default one that goes with the server
   */
  readonly data?: string | undefined;
  /** Whether the data has to survive a crash of the machine. */
  readonly isDurable: boolean;
}

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

const START_TIMEOUT_MS = 60_000;
const POLL_MS = 10;
const DUPLICATE_DATABASE = '42P04';
const NOT_YET = ['ENOENT', 'ECONNREFUSED', 'DATABASE_STARTING'];

/** A PostgreSQL server of the emulator's own, reachable over a Unix socket in a private folder and nowhere else. */
export class EmbeddedPostgres {
  readonly #supervisor: Supervisor;
  /** Folder of the Unix socket, as libpq's `host`. */
  readonly socketFolder: string;
  /** As Cloud SQL names it: `POSTGRES_18`. */
  readonly databaseVersion: string;

  private constructor(supervisor: Supervisor, socketFolder: string, databaseVersion: string) {
    this.#supervisor = supervisor;
    this.socketFolder = socketFolder;
    this.databaseVersion = databaseVersion;
  }

  /** Path of the Unix socket. */
  get socketPath(): string {
    return socketPathIn(this.socketFolder);
  }

  /**
   * Creates the cluster unless it is there, starts the server and runs the statements.
   * @throws EmulatorError `DATABASE_START_FAILED` or `DATABASE_STATEMENT_FAILED`
   */
  static async start(options: DatabaseOptions, setup: readonly string[]): Promise<EmbeddedPostgres> {
    const { launcher, workspace } = options;
    const servers = `${workspace}/db`;
    const folder = `${servers}/${options.folder}`;
    const { data } = options;
    const settings = { ...SETTINGS, ...(options.isDurable ? {} : FORGETFUL), unix_socket_directories: folder };
    if (data !== undefined) await giveTo(launcher, data);
    const supervisor = new Supervisor({
      launcher,
      workspace,
      servers,
      folder,
      data: data ?? `${folder}/data`,
      accessRules: ACCESS_RULES,
      initdbOptions: INITDB_OPTIONS,
      serverOptions: Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    });
    try {
      const client = await connectWhenReady(supervisor, socketPathIn(folder));
      try {
        for (const statement of setup) await client.run(statement);
      } finally {
        await client.close();
      }
      const major = client.settings.get('server_version')?.split('.')[0] ?? '';
      return new EmbeddedPostgres(supervisor, folder, `POSTGRES_${major}`);
    } catch (error) {
      await supervisor.stop();
      throw error;
    }
  }

  /** Runs statements as superuser. @throws EmulatorError `DATABASE_STATEMENT_FAILED` */
  async run(sql: string): Promise<void> {
    const client = await SqlClient.connect(this.socketPath, 'postgres');
    try {
      await client.run(sql);
    } finally {
      await client.close();
    }
  }

  /** Creates a database unless it is there. @throws EmulatorError `DATABASE_STATEMENT_FAILED` */
  async createDatabase(name: string, rules: ServiceRules): Promise<void> {
    await this.run(createDatabaseSql(name, rules)).catch((error: unknown) => {
      if (sqlStateOf(error) !== DUPLICATE_DATABASE) throw error;
    });
  }

  /** Stops the server and waits until it has gone. */
  async stop(): Promise<void> {
    await this.#supervisor.stop();
  }
}

function socketPathIn(folder: string): string {
  return `${folder}/.s.PGSQL.5432`;
}

async function connectWhenReady(supervisor: Supervisor, socketPath: string): Promise<SqlClient> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      return await SqlClient.connect(socketPath, 'postgres');
    } catch (cause) {
      if (NOT_YET.includes(systemCode(cause)) && supervisor.running && Date.now() < deadline) {
        await delay(POLL_MS);
        continue;
      }
      const reason = supervisor.running ? 'it did not answer in time' : 'it ended at once';
      throw new EmulatorError(
        'DATABASE_START_FAILED',
        `PostgreSQL could not be started: ${reason}. Its log ends with:\n${await supervisor.logTail()}`,
        { cause },
      );
    }
  }
}
