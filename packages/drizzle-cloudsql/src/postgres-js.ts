import { PendingDials } from '@x/cloudsql-core';
import { type PostgresCloudSqlOptions, postgresOptions } from '@x/cloudsql-core/postgres';
import type { DrizzleConfig } from 'drizzle-orm';
import { drizzle as drizzlePostgres, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { splitConfig } from './split-config.ts';

export { type CloudSqlUrlOptions, cloudSqlUrl, cloudSqlUrlSync } from '@x/cloudsql-core/listener';

/** Drizzle's configuration, with the instance in place of the address. */
export type DrizzleCloudSqlConfig<Schema extends Record<string, unknown> = Record<string, never>> =
  DrizzleConfig<Schema> & {
    /** The instance and what postgres.js takes besides, or the URL form. */
    readonly connection: string | PostgresCloudSqlOptions<postgres.Options<Record<string, postgres.PostgresType>>>;
    readonly client?: never;
  };

/** Drizzle's database; disposing it ends its connections. */
export type DrizzleCloudSqlDatabase<Schema extends Record<string, unknown> = Record<string, never>> =
  PostgresJsDatabase<Schema> & { readonly $client: postgres.Sql } & AsyncDisposable;

/**
 * A Drizzle database on a Cloud SQL instance, over postgres.js. Does no I/O before the first query.
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
  const dials = new PendingDials();
  const options = postgresOptions(connection);
  const client = postgres({ ...options, socket: dials.watch(options.socket) } as typeof options);
  const end = client.end.bind(client);
  // Without a limit, postgres.js waits for ever once a session was killed in a query.
  client.end = (how) => end({ timeout: 5, ...how });
  dials.giveUpAt(client, 'end');
  const db = drizzlePostgres({ ...rest, client });
  return Object.assign(db, { [Symbol.asyncDispose]: () => client.end() });
}

export { drizzle as drizzleCloudSql };
