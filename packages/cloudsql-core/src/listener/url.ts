import { ConfigError } from '../errors.ts';
import { oneOf } from '../options/check.ts';
import { listen, listenSync } from './listen.ts';
import type { ListenOptions } from './options.ts';

/** Options of {@link cloudSqlUrl}. */
export interface CloudSqlUrlOptions extends ListenOptions {
  /** The kind of database, in any letter case. @default 'postgresql' */
  readonly dialect?: 'postgresql' | 'postgres' | 'mysql' | 'sqlserver' | 'mssql' | (string & {});
  /**
   * What the tool calls a Unix socket in a URL of MySQL: for `mysql2`, `mariadb` and Drizzle it is `socketPath`, for
   * Prisma `socket`. A tool that knows neither wants TCP: set `host` or `port`.
   * @default 'socketPath'
   */
  readonly socketOption?: string;
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
  const { rest, finish } = read(options);
  return finish((await listen(rest)).url);
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
  const { rest, finish } = read(options);
  return finish(listenSync(rest).url);
}

function read(options: CloudSqlUrlOptions): { rest: ListenOptions; finish: (url: string) => string } {
  if (typeof options !== 'object' || options === null) {
    throw new ConfigError('CLOUDSQL_MISSING_OPTION', 'The option `instance` is not set');
  }
  const { dialect = 'postgresql', schema, socketOption = 'socketPath', ...rest } = options;
  const engine = engines[oneOf('dialect', dialect, ['postgresql', 'postgres', 'mysql', 'sqlserver', 'mssql'])];
  if (engine === 'MYSQL' && schema !== undefined) {
    throw new ConfigError('CLOUDSQL_CONFLICTING_OPTIONS', "`dialect: 'mysql'` and `schema` contradict each other", {
      remedy: 'Remove `schema`: in MySQL it is another word for the database.',
    });
  }
  const finish = (url: string): string =>
    schema === undefined ? url.replace('?socketPath=', `?${socketOption}=`) : withSchema(url, schema);
  return { rest: engine === 'POSTGRES' ? rest : { engine, ...rest }, finish };
}

const engines = {
  postgresql: 'POSTGRES',
  postgres: 'POSTGRES',
  mysql: 'MYSQL',
  sqlserver: 'SQLSERVER',
  mssql: 'SQLSERVER',
} as const;

function withSchema(url: string, schema: string): string {
  return url.startsWith('sqlserver:') ? `${url};schema=${schema}` : `${url}&schema=${encodeURIComponent(schema)}`;
}
