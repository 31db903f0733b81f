import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import type { LoginSession } from '../data-plane/session.ts';
import type { Database, DatabaseContent, ServerPlace } from '../database/database.ts';
import { giveTo } from '../database/launcher.ts';
import { Supervisor, serverFolder } from '../database/supervisor.ts';
import { whenReady } from '../database/when-ready.ts';
import type { DatabaseUser } from '../database-user.ts';
import { type MysqlAccess, MysqlClient } from './mysql-client.ts';
import type { MysqlPrograms } from './mysql-programs.ts';
import { serveMysql } from './session.ts';
import {
  ADMIN_USER,
  changePasswordStatement,
  createDatabaseStatement,
  createUserStatements,
  dropUserStatement,
  type Flavour,
  initialSql,
  resumeSql,
  roleStatements,
} from './setup-sql.ts';

const INSTALL: Readonly<Record<Flavour, string>> = {
  MARIADB: '--auth-root-authentication-method=normal --skip-test-db --skip-name-resolve',
  MYSQL: '--initialize-insecure',
};

const PREPARE = `
if [ -e "$DATA/mysql" ]; then INITIAL_SQL=$RESUME_SQL; else
  $PREFIX "$INSTALLER" --no-defaults --datadir="$DATA" $INSTALL_OPTIONS
fi &&
printf '%s' "$INITIAL_SQL" >"$FOLDER/init.sql"
`;

const SETTINGS: Readonly<Record<Flavour, readonly string[]>> = {
  MARIADB: [],
  MYSQL: ['--mysqlx=OFF'],
};

const COMMON_SETTINGS = [
  '--skip-networking',
  '--skip-name-resolve',
  '--skip-log-bin',
  '--max-connections=600',
  '--character-set-server=utf8mb4',
  '--innodb-use-native-aio=0',
  '--innodb-buffer-pool-size=64M',
  '--performance-schema=OFF',
];

// What need not survive a crash of the machine does not wait for the disk.
const FORGETFUL = ['--innodb-flush-log-at-trx-commit=0', '--innodb-doublewrite=0', '--innodb-fast-shutdown=2'];

/** A MySQL or MariaDB server of the emulator's own, reachable over a Unix socket in a private folder and nowhere else. */
export class MysqlDatabase implements Database {
  readonly #supervisor: Supervisor;
  readonly #socketPath: string;
  readonly #access: MysqlAccess;
  readonly #flavour: Flavour;
  /** IAM users have passwords, too: the emulator logs in with them once it knows who somebody is. */
  readonly #secrets = new Map<string, string>();
  readonly databaseVersion: string;

  private constructor(supervisor: Supervisor, socketPath: string, password: string, flavour: Flavour, version: string) {
    this.#supervisor = supervisor;
    this.#socketPath = socketPath;
    this.#flavour = flavour;
    this.databaseVersion = version;
    const open = () => connect({ path: socketPath, allowHalfOpen: true });
    this.#access = { open, isPrivate: true, user: ADMIN_USER, password };
  }

  /**
   * Creates the data unless it is there, starts the server and gives it what it is to have.
   * @throws EmulatorError `DATABASE_START_FAILED` or `DATABASE_STATEMENT_FAILED`
   */
  static async start(
    place: ServerPlace,
    { flavour, server, installer }: MysqlPrograms,
    content: DatabaseContent,
  ): Promise<MysqlDatabase> {
    const folder = serverFolder(place);
    const { data = `${folder}/data`, isDurable, launcher } = place;
    if (place.data !== undefined) await giveTo(launcher, place.data);
    const socketPath = `${folder}/mysqld.sock`;
    const password = newSecret();
    const supervisor = new Supervisor({
      ...place,
      data,
      prepare: PREPARE,
      command: [
        ...[server, '--no-defaults', `--datadir=${data}`, `--socket=${socketPath}`],
        ...[`--pid-file=${folder}/pid`, `--init-file=${folder}/init.sql`],
        ...[...COMMON_SETTINGS, ...SETTINGS[flavour], ...(isDurable ? [] : FORGETFUL)],
      ],
      environment: {
        // Temporary files are named after the process id, which other servers in namespaces of their own have, too.
        TMPDIR: folder,
        INSTALLER: installer,
        INSTALL_OPTIONS: INSTALL[flavour],
        INITIAL_SQL: initialSql(flavour, password),
        RESUME_SQL: resumeSql(password),
      },
    });
    try {
      const database = new MysqlDatabase(supervisor, socketPath, password, flavour, content.engine.version);
      const client = await whenReady('MySQL', supervisor, () => MysqlClient.connect(database.#access));
      try {
        await database.#fill(client, content);
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

  async createDatabase(name: string): Promise<void> {
    await this.#asAdmin((client) => client.run([createDatabaseStatement(name)]));
  }

  async createUser(user: DatabaseUser): Promise<void> {
    await this.#asAdmin((client) => this.#create(client, user, false));
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

  /** Nobody is dropped from data that was kept. */
  async #fill(client: MysqlClient, { databases, users, rules, stored }: DatabaseContent): Promise<void> {
    if (!stored) await client.run(roleStatements(rules));
    await client.run(databases.map(createDatabaseStatement));
    for (const user of users) {
      await this.#create(client, user, stored?.users.some(({ name }) => name === user.name) ?? false);
    }
  }

  async #create(client: MysqlClient, user: DatabaseUser, exists: boolean): Promise<void> {
    const isIam = user.kind !== 'BUILT_IN';
    const password = isIam ? newSecret() : user.password;
    if (!exists) await client.run(createUserStatements(user, password ?? '', this.#flavour));
    else if (password !== undefined) await client.run([changePasswordStatement(user.name, password)]);
    if (isIam) this.#secrets.set(user.name, password!);
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
