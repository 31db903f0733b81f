import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { EmulatorError } from '../errors.ts';
import type { Flavour } from './setup-sql.ts';

/** The MySQL programs of the machine. */
export interface MysqlPrograms {
  readonly flavour: Flavour;
  readonly server: string;
  /** Makes the data of a MariaDB; MySQL's server does that itself. */
  readonly installer: string;
}

// Where servers lie that are not meant to be called by hand.
const MORE_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];
const REMEDY =
  'Install MariaDB (Debian and Ubuntu: apt-get install mariadb-server-core mariadb-client-core; macOS: brew install mariadb) or MySQL, so that mariadbd or mysqld is in PATH.';
const run = promisify(execFile);

/** Finds the MySQL server that is installed on the machine. @throws EmulatorError `DATABASE_BINARIES_MISSING` */
export async function findMysql(folders: readonly string[] = usualFolders()): Promise<MysqlPrograms> {
  const find = (program: string): Promise<string | undefined> => findIn(folders, program);
  const server = (await find('mariadbd')) ?? (await find('mysqld'));
  if (server === undefined) throw missing('an instance of MySQL needs a server, and none is installed');
  const { stdout } = await run(server, ['--no-defaults', '--version'], { timeout: 10_000 });
  if (!stdout.includes('MariaDB')) return { flavour: 'MYSQL', server, installer: server };
  const installer = (await find('mariadb-install-db')) ?? (await find('mysql_install_db'));
  if (installer === undefined) throw missing(`there is ${server}, but not mariadb-install-db, which makes its data`);
  return { flavour: 'MARIADB', server, installer };
}

function usualFolders(): readonly string[] {
  return [...(process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== ''), ...MORE_FOLDERS];
}

async function findIn(folders: readonly string[], program: string): Promise<string | undefined> {
  for (const path of folders.map((folder) => join(folder, program))) {
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}

function missing(what: string): EmulatorError {
  return new EmulatorError('DATABASE_BINARIES_MISSING', `MySQL cannot be started: ${what}. ${REMEDY}`);
}
