import { connect } from 'node:net';
import type { DatabaseContent, ServerPlace } from '../database/database.ts';
import { giveTo } from '../database/launcher.ts';
import { newSecret } from '../database/new-secret.ts';
import { Supervisor, serverFolder } from '../database/supervisor.ts';
import { whenReady } from '../database/when-ready.ts';
import { MysqlClient } from './mysql-client.ts';
import { MysqlDatabase } from './mysql-database.ts';
import type { MysqlPrograms } from './mysql-programs.ts';
import { ADMIN_USER, type Flavour, initialSql, resumeSql } from './setup-sql.ts';

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

/**
 * Starts a MySQL or MariaDB server of the emulator's own, reachable over a Unix socket in a private folder and nowhere
 * else. Its data is made unless it is there.
 * @throws EmulatorError `DATABASE_START_FAILED` or `DATABASE_STATEMENT_FAILED`
 */
export async function launchMysql(
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
  const access = {
    open: () => connect({ path: socketPath, allowHalfOpen: true }),
    isPrivate: true,
    user: ADMIN_USER,
    password,
  };
  const url = `mysql://${ADMIN_USER}:${password}@localhost/mysql?socketPath=${encodeURIComponent(socketPath)}`;
  try {
    const client = await whenReady('MySQL', supervisor, () => MysqlClient.connect(access));
    return await MysqlDatabase.fill(client, { access, url, content, stop: () => supervisor.stop() });
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
}
