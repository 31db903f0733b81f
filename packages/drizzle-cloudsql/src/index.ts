import { poolErrorListener } from '@x/cloudsql-core';
import { type PgCloudSqlOptions, pgOptions } from '@x/cloudsql-core/pg';
import type { DrizzleConfig } from 'drizzle-orm';
import { drizzle as drizzlePg, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { splitConfig } from './split-config.ts';

export { type CloudSqlUrlOptions, cloudSqlUrl, cloudSqlUrlSync } from '@x/cloudsql-core/listener';

/** Drizzle's configuration, with the instance in place of the address. */
export type DrizzleCloudSqlConfig<Schema extends Record<string, unknown> = Record<string, never>> =
  DrizzleConfig<Schema> & {
    /** The instance and what pg's pool takes besides, or the URL form. */
    readonly connection: string | PgCloudSqlOptions<pg.PoolConfig>;
    readonly client?: never;
  };

/** Drizzle's database; disposing it ends its pool. */
export type DrizzleCloudSqlDatabase<Schema extends Record<string, unknown> = Record<string, never>> =
  NodePgDatabase<Schema> & { readonly $client: pg.Pool } & AsyncDisposable;

/**
 * A Drizzle database on a Cloud SQL instance, over a pool of pg's. Does no I/O before the first query.
 * `await db.$client.end()`, or `await using`, closes it. `config` may be a URL; then Drizzle's own options are `besides`.
 *
 * @example
 * const db = drizzle({ connection: { instance: 'my-project:europe-west1:orders', database: 'orders' }, schema });
 * @throws ConfigError for options that are missing, unknown, contradicting or not the caller's to set
 */
export function drizzle<Schema extends Record<string, unknown> = Record<string, never>>(
  config: string | DrizzleCloudSqlConfig<Schema>,
  besides?: DrizzleConfig<Schema>,
): DrizzleCloudSqlDatabase<Schema> {
  const { connection, rest } = splitConfig(config, besides);
  const client = new pg.Pool(pgOptions(connection));
  client.on('error', poolErrorListener(typeof connection === 'string' ? undefined : connection.connector));
  const db = drizzlePg({ ...rest, client });
  return Object.assign(db, { [Symbol.asyncDispose]: () => client.end() });
}

export { drizzle as drizzleCloudSql };
