import { ConfigError } from '../errors.ts';
import { oneOf } from '../options/check.ts';
import { listen, listenSync } from './listen.ts';
import type { ListenOptions } from './options.ts';

/** Options of {@link cloudSqlUrl}. */
export interface CloudSqlUrlOptions extends ListenOptions {
  /** The kind of database, in any letter case. @default 'postgresql' */
  readonly dialect?: 'postgresql' | 'postgres' | 'sqlserver' | 'mssql' | (string & {});
  /** The schema, as Prisma understands it in a URL. @default none in the URL: Prisma then takes `public` */
  readonly schema?: string;
}

/**
 * A URL for tools that take nothing else, such as the engine of the `prisma` command. It leads over a private Unix socket
 * (on Windows over TCP, behind a secret) that exists as long as this process and keeps it from ending no longer than it
 * would without. Nothing is dialled and no credentials are needed before somebody connects.
 *
 * @example
 * // prisma.config.ts
 * export default defineConfig({
 *   schema: 'prisma/schema.prisma',
 *   datasource: { url: await cloudSqlUrl({ instance: 'my-project:europe-west1:orders', database: 'orders' }) },
 * });
 * @throws ConfigError
 */
export async function cloudSqlUrl(options: CloudSqlUrlOptions): Promise<string> {
  const { schema, rest } = read(options);
  return withSchema((await listen(rest)).url, schema);
}

/**
 * {@link cloudSqlUrl} for files in which nothing can be awaited. Not on Windows.
 *
 * @example
 * // drizzle.config.ts
 * export default defineConfig({
 *   dialect: 'postgresql',
 *   dbCredentials: { url: cloudSqlUrlSync({ dialect: 'postgresql', instance: 'my-project:europe-west1:orders', database: 'orders' }) },
 * });
 * @throws ConfigError
 */
export function cloudSqlUrlSync(options: CloudSqlUrlOptions): string {
  const { schema, rest } = read(options);
  return withSchema(listenSync(rest).url, schema);
}

function read(options: CloudSqlUrlOptions): { schema: string | undefined; rest: ListenOptions } {
  if (typeof options !== 'object' || options === null) {
    throw new ConfigError('CLOUDSQL_MISSING_OPTION', 'The option `instance` is not set');
  }
  const { dialect = 'postgresql', schema, ...rest } = options;
  const isPostgres = oneOf('dialect', dialect, ['postgresql', 'postgres', 'sqlserver', 'mssql']).startsWith('postgres');
  return { schema, rest: isPostgres ? rest : { engine: 'SQLSERVER', ...rest } };
}

function withSchema(url: string, schema: string | undefined): string {
  if (schema === undefined) return url;
  return url.startsWith('sqlserver:') ? `${url};schema=${schema}` : `${url}&schema=${encodeURIComponent(schema)}`;
}
