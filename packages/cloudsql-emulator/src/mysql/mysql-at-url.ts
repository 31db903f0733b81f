import { connect } from 'node:net';
import type { DatabaseContent } from '../database/database.ts';
import { EmulatorError, messageOf } from '../errors.ts';
import { MysqlClient } from './mysql-client.ts';
import { MysqlDatabase } from './mysql-database.ts';

/**
 * Uses a MySQL or MariaDB server that somebody else runs. The user in the URL has to be one that may create users.
 * @throws EmulatorError `DATABASE_START_FAILED` or `DATABASE_STATEMENT_FAILED`
 */
export async function openMysql(databaseUrl: string, content: DatabaseContent): Promise<MysqlDatabase> {
  const url = new URL(databaseUrl);
  const path = url.searchParams.get('socketPath');
  const where = path === null ? { host: url.hostname.replace(/[[\]]/g, ''), port: Number(url.port || 3306) } : { path };
  const access = {
    open: () => connect({ ...where, allowHalfOpen: true }),
    isPrivate: path !== null,
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
  const client = await MysqlClient.connect(access).catch((cause: unknown) => {
    throw cause instanceof EmulatorError
      ? cause
      : new EmulatorError(
          'DATABASE_START_FAILED',
          `MySQL does not answer at ${url.host || path}: ${messageOf(cause)}.`,
          {
            cause,
          },
        );
  });
  return await MysqlDatabase.fill(client, { access, url: databaseUrl, content, isBorrowed: true });
}
