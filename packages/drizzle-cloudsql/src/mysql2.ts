import { type Mysql2CloudSqlOptions, mysql2Options } from '@x/cloudsql-core/mysql2';
import { drizzle as drizzleMysql2, type MySql2Database, type MySql2DrizzleConfig } from 'drizzle-orm/mysql2';
import mysql from 'mysql2/promise';
import { splitConfig } from './split-config.ts';

export { type CloudSqlUrlOptions, cloudSqlUrl, cloudSqlUrlSync } from '@x/cloudsql-core/listener';

/** Drizzle's configuration, with the instance in place of the address. */
export type DrizzleCloudSqlConfig<Schema extends Record<string, unknown> = Record<string, never>> =
  MySql2DrizzleConfig<Schema> & {
    /** The instance and what mysql2's pool takes besides, or the URL form. */
    readonly connection: string | Mysql2CloudSqlOptions<mysql.PoolOptions>;
    readonly client?: never;
  };

/** Drizzle's database; disposing it ends its pool. */
export type DrizzleCloudSqlDatabase<Schema extends Record<string, unknown> = Record<string, never>> =
  MySql2Database<Schema> & { readonly $client: mysql.Pool } & AsyncDisposable;

/**
 * A Drizzle database on a Cloud SQL instance, over a pool of mysql2's. Does no I/O before the first query.
 * `await db.$client.end()`, or `await using`, closes it. `config` may be a URL; then Drizzle's own options are `besides`.
 *
 * @example
 * const db = drizzle({ connection: { instance: 'my-project:europe-west1:orders', database: 'orders' }, schema, mode: 'default' });
 * @throws ConfigError for options that are missing, unknown, contradicting or not the caller's to set
 */
export function drizzle<Schema extends Record<string, unknown> = Record<string, never>>(
  config: string | DrizzleCloudSqlConfig<Schema>,
  besides?: MySql2DrizzleConfig<Schema>,
): DrizzleCloudSqlDatabase<Schema> {
  const { connection, rest } = splitConfig(config, besides);
  const client = mysql.createPool(mysql2Options(connection));
  const db = drizzleMysql2<Schema, mysql.Pool>({ ...(rest as MySql2DrizzleConfig<Schema>), client });
  return Object.assign(db, { [Symbol.asyncDispose]: () => client.end() });
}

export { drizzle as drizzleCloudSql };
