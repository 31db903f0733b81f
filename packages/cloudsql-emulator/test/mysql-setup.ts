import { EmulatorError } from '../src/errors.ts';
import type { InstanceOptions } from '../src/index.ts';
import { MysqlClient } from '../src/mysql/mysql-client.ts';
import { findMysql } from '../src/mysql/mysql-programs.ts';
import type { Access } from './client.ts';
import { dial } from './client.ts';
import { APP, ORDERS } from './setup.ts';

/** An instance of MySQL with an IAM user and a user with a password. */
export const MYSQL_ORDERS: InstanceOptions = {
  name: ORDERS,
  databaseVersion: 'MYSQL_8_4',
  databases: ['orders'],
  users: [
    { email: APP, databaseRoles: ['cloudsqlsuperuser'] },
    { name: 'native', password: 'secret' },
  ],
};

/** Why tests of MySQL cannot run here; `false` if they can. */
export const withoutMysql: string | false = await findMysql().then(
  () => false,
  (error: unknown) => {
    if (error instanceof EmulatorError) return error.message;
    throw error;
  },
);
if (withoutMysql) process.stderr.write(`Skipped: ${withoutMysql}\n`);

/** Logs in on a socket that is being dialled. */
export async function logInToMysql(socket: ReturnType<typeof dial>, user: string): Promise<MysqlClient> {
  const open = (): typeof socket => socket.once('secureConnect', () => socket.emit('connect'));
  return await MysqlClient.connect({ open, isPrivate: true, user, password: 'secret' });
}

/** Logs in and runs statements. */
export async function runOnMysql(access: Access, user: string, statements: readonly string[]): Promise<void> {
  const client = await logInToMysql(dial(access), user);
  await client.run(statements);
  await client.close();
}
