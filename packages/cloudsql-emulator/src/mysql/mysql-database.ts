import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import type { LoginSession } from '../data-plane/session.ts';
import type { Database } from '../database/database.ts';
import type { Launcher } from '../database/launcher.ts';
import { Supervisor, serverFolder } from '../database/supervisor.ts';
import { whenReady } from '../database/when-ready.ts';
import type { DatabaseUser } from '../database-user.ts';
import { type MysqlAccess, MysqlClient } from './mysql-client.ts';
import type { MysqlPrograms } from './mysql-programs.ts';
import { serveMysql } from './session.ts';
import { ADMIN_USER, createUserStatements, dropUserStatement, type Flavour, initialSql } from './setup-sql.ts';

/** Where and how a database server is started. */
export interface MysqlOptions {
  readonly launcher: Launcher;
  readonly programs: MysqlPrograms;
  readonly workspace: string;
  /** Name of this server's folder, unique in the workspace. */
  readonly folder: string;
  /** What the admin API says that it is. */
  readonly databaseVersion: string;
}

const INITIALISE: Readonly<Record<Flavour, string>> = {
  MARIADB:
    '$PREFIX "$INSTALLER" --no-defaults --datadir="$FOLDER/data" --auth-root-authentication-method=normal --skip-test-db --skip-name-resolve',
  MYSQL: '$PREFIX "$INSTALLER" --no-defaults --datadir="$FOLDER/data" --initialize-insecure',
};

// Nothing has to survive a crash of the machine, so nothing waits for the disk.
const SETTINGS = [
  '--skip-networking',
  '--skip-name-resolve',
  '--skip-log-bin',
  '--max-connections=600',
  '--character-set-server=utf8mb4',
  '--innodb-flush-log-at-trx-commit=0',
  '--innodb-doublewrite=0',
  '--innodb-use-native-aio=0',
  '--innodb-fast-shutdown=2',
  '--innodb-buffer-pool-size=64M',
  '--performance-schema=OFF',
];

const MORE_SETTINGS: Readonly<Record<Flavour, readonly string[]>> = { MARIADB: [], MYSQL: ['--mysqlx=OFF'] };

/** A MySQL or MariaDB server with fresh data, reachable over a Unix socket in a private folder and nowhere else. */
export class MysqlDatabase implements Database {
  readonly #supervisor: Supervisor;
  readonly #socketPath: string;
  readonly #access: MysqlAccess;
  readonly #flavour: Flavour;
  /** IAM users have passwords, too: the emulator logs in with them once it knows who somebody is. */
  readonly #secrets = new Map<string, string>();
  readonly databaseVersion: string;

  private constructor(supervisor: Supervisor, socketPath: string, password: string, options: MysqlOptions) {
    this.#supervisor = supervisor;
    this.#socketPath = socketPath;
    this.#flavour = options.programs.flavour;
    this.databaseVersion = options.databaseVersion;
    const open = () => connect({ path: socketPath, allowHalfOpen: true });
    this.#access = { open, isPrivate: true, user: ADMIN_USER, password };
  }

  /**
   * Creates the data, starts the server, runs the statements and creates the users.
   * @throws EmulatorError `DATABASE_START_FAILED` or `DATABASE_STATEMENT_FAILED`
   */
  static async start(
    options: MysqlOptions,
    setup: readonly string[],
    users: readonly DatabaseUser[],
  ): Promise<MysqlDatabase> {
    const { programs, ...place } = options;
    const { flavour, server, installer } = programs;
    const folder = serverFolder(place);
    const socketPath = `${folder}/mysqld.sock`;
    const password = newSecret();
    const supervisor = new Supervisor({
      ...place,
      prepare: `${INITIALISE[flavour]} && printf '%s' "$INITIAL_SQL" >"$FOLDER/init.sql"`,
      command: [
        ...[server, '--no-defaults', `--datadir=${folder}/data`, `--socket=${socketPath}`],
        ...[`--pid-file=${folder}/pid`, `--init-file=${folder}/init.sql`],
        ...[...SETTINGS, ...MORE_SETTINGS[flavour]],
      ],
      environment: { INSTALLER: installer, INITIAL_SQL: initialSql(flavour, password) },
    });
    try {
      const database = new MysqlDatabase(supervisor, socketPath, password, options);
      const client = await whenReady('MySQL', supervisor, () => MysqlClient.connect(database.#access));
      try {
        await client.run(setup);
        for (const user of users) await database.#create(client, user);
      } finally {
        await client.close();
      }
      return database;
    } catch (error) {
      await supervisor.stop();
      throw error;
    }
  }

  url(database = 'mysql'): string {
    const { user, password } = this.#access;
    const socket = encodeURIComponent(this.#socketPath);
    return `mysql://${user}:${password}@localhost/${encodeURIComponent(database)}?socketPath=${socket}`;
  }

  async createUser(user: DatabaseUser): Promise<void> {
    await this.#asAdmin((client) => this.#create(client, user));
  }

  async dropUser({ name }: DatabaseUser): Promise<void> {
    await this.#asAdmin((client) => client.run([dropUserStatement(name)]));
    this.#secrets.delete(name);
  }

  async serve(session: LoginSession): Promise<void> {
    await serveMysql(session, { ...this.#access, passwordOf: (user) => this.#secrets.get(user) });
  }

  async stop(): Promise<void> {
    await this.#supervisor.stop();
  }

  async #create(client: MysqlClient, user: DatabaseUser): Promise<void> {
    const password = user.password ?? newSecret();
    await client.run(createUserStatements(user, password, this.#flavour));
    if (user.kind !== 'BUILT_IN') this.#secrets.set(user.name, password);
  }

  async #asAdmin(work: (client: MysqlClient) => Promise<void>): Promise<void> {
    const client = await MysqlClient.connect(this.#access);
    try {
      await work(client);
    } finally {
      await client.close();
    }
  }
}

function newSecret(): string {
  return randomBytes(24).toString('hex');
}
