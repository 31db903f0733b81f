import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Emulator, EmulatorOptions, InstanceOptions } from '@x/cloudsql-emulator';
import { startEmulator } from '@x/cloudsql-emulator';
import { app, instance, native } from './cloud.ts';

/** The MySQL user of {@link app}. */
export const mysqlUser = 'app';

/** Whether tests of MySQL cannot run here; then the reason is printed once per file. */
export const withoutMysql: boolean = !isInstalled('mariadbd') && !isInstalled('mysqld');
if (withoutMysql) process.stderr.write('Skipped: neither mariadbd nor mysqld is installed.\n');

/** An instance of MySQL, with an IAM user and a user with a password. */
export const mysqlInstance: InstanceOptions = {
  name: instance,
  databaseVersion: 'MYSQL_8_4',
  databases: ['orders'],
  users: [
    { email: app, databaseRoles: ['cloudsqlsuperuser'] },
    { ...native, databaseRoles: ['cloudsqlsuperuser'] },
  ],
};

/** An emulator with {@link mysqlInstance}. */
export function startMysqlCloud(options: Partial<EmulatorOptions> = {}): Promise<Emulator> {
  return startEmulator({ principals: [{ email: app }], instances: [mysqlInstance], ...options });
}

/** Whether a program is installed; servers often lie where no one looks for commands. */
export function isInstalled(program: string): boolean {
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'].some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
