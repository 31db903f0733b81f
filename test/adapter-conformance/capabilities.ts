import { withoutMysql } from '../mysql-cloud.ts';
import type { Engine } from './engines/engine.ts';
import type { RowName } from './row.ts';

const mysql = { arrays: 'MySQL has no arrays' };

/** What an adapter cannot show, by scenario, and why. Everything else has to pass. */
export const cannot: Readonly<Record<RowName, Readonly<Record<string, string>>>> = {
  'knex + pg': {},
  'prisma + adapter-pg': { 'stream of 100,000 rows': 'Prisma has no streaming' },
  'typeorm + pg': {},
  'sequelize + pg': { 'stream of 100,000 rows': 'Sequelize has no streaming' },
  'drizzle + node-postgres': { 'stream of 100,000 rows': 'Drizzle has no streaming on PostgreSQL' },
  'drizzle + postgres.js': { 'stream of 100,000 rows': 'Drizzle has no streaming on PostgreSQL' },
  'knex + mysql2': mysql,
  'prisma + adapter-mariadb': { ...mysql, 'stream of 100,000 rows': 'Prisma has no streaming' },
  'typeorm + mysql2': {
    ...mysql,
    'closed during a dial': 'mysql2 waits for dials, up to their limit, and says nothing when it is closed',
  },
  'sequelize + mysql2': { ...mysql, 'stream of 100,000 rows': 'Sequelize has no streaming' },
  'drizzle + mysql2': mysql,
};

/** Why a row skips a scenario on a service; undefined if it has to pass. */
export function skipReason(row: RowName, _service: string, scenario: string): string | undefined {
  return cannot[row][scenario];
}

/** Why an engine cannot run on this machine; undefined if it can. */
export function missing({ databaseVersion }: Engine): string | undefined {
  return databaseVersion?.startsWith('MYSQL') && withoutMysql ? 'neither mariadbd nor mysqld is installed' : undefined;
}
