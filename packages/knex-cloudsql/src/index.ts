import { ConfigError, checkOrmOptions, oneOf, PendingDials } from '@x/cloudsql-core';
import { type Mysql2CloudSqlOptions, mysql2Options } from '@x/cloudsql-core/mysql2';
import { type PgCloudSqlOptions, pgOptions } from '@x/cloudsql-core/pg';
import { type TediousCloudSqlOptions, tediousOptions } from '@x/cloudsql-core/tedious';
import type { Knex } from 'knex';
import { clientOf } from './client.ts';

/** What each of Knex's clients takes as `connection`, with the instance in place of the address. */
interface Connections {
  pg: PgCloudSqlOptions<Knex.PgConnectionConfig>;
  mysql2: Mysql2CloudSqlOptions<Knex.MySql2ConnectionConfig>;
  mssql: TediousCloudSqlOptions<Omit<Knex.MsSqlConnectionConfigBase, 'type' | 'userName'>>;
}

/** Knex's connection options, with the instance in place of the address. */
export type KnexCloudSqlConnection<Client extends keyof Connections = 'pg'> = Connections[Client];

/** Knex's configuration, with the instance in place of the address. */
export type KnexCloudSqlConfig = {
  [Client in keyof Connections]: Omit<Knex.Config, 'client' | 'connection' | 'connectionPool'> & {
    readonly client: Client;
    /** The instance and what the driver takes besides, or the URL form. */
    readonly connection: string | KnexCloudSqlConnection<Client>;
    readonly connectionPool?: never;
  };
}[keyof Connections];

const bindings: Readonly<Record<keyof Connections, (options: never) => object>> = {
  pg: pgOptions,
  mysql2: mysql2Options,
  mssql: tediousOptions,
};

const inside = 'it belongs inside `connection`';
const owned = {
  connectionPool: 'the pool would dial past the connector',
  ...{
    instance: inside,
    ipType: inside,
    authType: inside,
    connector: inside,
    user: inside,
    password: inside,
    database: inside,
  },
};

/**
 * Knex's own configuration for a Cloud SQL instance: for `knex()` and for a knexfile. Does no I/O.
 *
 * @example
 * const db = knex(cloudSql({ client: 'pg', connection: { instance: 'my-project:europe-west1:orders', database: 'orders' } }));
 * @throws ConfigError for options that are missing, unknown, contradicting or not the caller's to set
 */
export function cloudSql(config: KnexCloudSqlConfig): Knex.Config {
  const binding = bindings[oneOf('client', config.client, ['pg', 'mysql2', 'mssql'])];
  checkOrmOptions('knex', config, owned);
  const { connection, pool } = config;
  if (typeof connection !== 'string' && (typeof connection !== 'object' || connection === null)) {
    throw new ConfigError('CLOUDSQL_MISSING_OPTION', 'The option `connection` is not an object or a URL', {
      remedy: 'Set it to { instance, database } or to a URL: a function would run once and not for each connection.',
    });
  }
  const dials = new PendingDials();
  return {
    ...config,
    client: clientOf(config.client, dials),
    connection: dials.in(binding(connection as never)),
    // Knex keeps two connections open by default, which costs an idle service money and a serverless one its freeze.
    pool: { min: 0, ...pool },
  };
}

export { cloudSql as knexCloudSql };
