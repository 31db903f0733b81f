import type { AbstractDialect, Options, Sequelize } from '@sequelize/core';
import {
  type CloudSqlOptions,
  ConfigError,
  checkOrmOptions,
  connectionOf,
  ownedAddress,
  PendingDials,
  partOptions,
} from '@x/cloudsql-core';
import { mysql2Options } from '@x/cloudsql-core/mysql2';
import { pgOptions } from '@x/cloudsql-core/pg';

/** The options of Sequelize 7 that this adapter sets, because setting them otherwise would bypass the connector. */
type Owned = keyof typeof ownedAddress | 'native' | 'replication' | 'stream' | 'socketPath';

/** A dialect of Sequelize 7: `PostgresDialect` of `@sequelize/postgres`, `MySqlDialect` of `@sequelize/mysql`. */
export interface DialectClass<Dialect extends AbstractDialect> {
  readonly name: string;
  readonly prototype: Pick<Dialect, keyof Dialect>;
  new (...args: never): Dialect;
  getSupportedOptions(): readonly string[];
  getSupportedConnectionOptions(): readonly string[];
}

/** Sequelize 7's options, with the instance in place of the address. */
export type SequelizeCloudSqlOptions<Dialect extends AbstractDialect> = CloudSqlOptions<
  Omit<Options<Dialect>, 'dialect'>,
  Owned,
  'url'
> & { readonly dialect: DialectClass<Dialect> };

const owned = {
  ...ownedAddress,
  native: 'libpq would dial past the connector',
  replication: 'its nodes would dial past the connector',
  stream: 'the connector makes the socket',
  socketPath: 'the connector makes the socket',
};

/** The binding of each dialect, by the option that a dialect has for its driver, and what the driver calls a URL. */
const bindings = {
  pgModule: { binding: pgOptions, urlOption: 'connectionString' },
  mysql2Module: { binding: mysql2Options, urlOption: 'uri' },
} as const;

/**
 * The options of Sequelize 7 for a Cloud SQL instance: for `new Sequelize()`. Does no I/O.
 *
 * @example
 * const sequelize = new Sequelize(cloudSql({ dialect: PostgresDialect, instance: 'my-project:europe-west1:orders', database: 'orders' }));
 * @throws ConfigError for options that are missing, unknown, contradicting or not the caller's to set
 */
export function cloudSql<Dialect extends AbstractDialect>(options: SequelizeCloudSqlOptions<Dialect>): Options<Dialect>;
export function cloudSql(options: SequelizeCloudSqlOptions<AbstractDialect>): object {
  const { binding, urlOption } = bindingOf(options.dialect);
  checkOrmOptions('Sequelize', options, owned);
  const { connection, rest } = connectionOf(options, 'url', urlOption);
  // Sequelize 7 has the options of itself, of the dialect and of the driver in one object, and refuses all others.
  const names = options.dialect.getSupportedConnectionOptions();
  const [driver, others] = partOptions(rest, names);
  const dials = new PendingDials();
  const [bound] = partOptions(dials.in(binding({ ...driver, ...connection })), names);
  return { ...others, ...bound, dialect: closing(options.dialect, dials) };
}

/** Sequelize 7 forgets connections in the making when it is closed, and they stay. The first that it makes is its dialect. */
function closing<Dialect extends object>(dialect: Dialect, dials: PendingDials): Dialect {
  return new Proxy(dialect, {
    construct(_, given: [Sequelize]) {
      dials.giveUpAt(given[0], 'close');
      return Reflect.construct(dialect as never, given);
    },
  });
}

function bindingOf(dialect: unknown): (typeof bindings)[keyof typeof bindings] {
  const { getSupportedOptions } = (dialect ?? {}) as Partial<DialectClass<AbstractDialect>>;
  const supported = getSupportedOptions?.call(dialect) ?? [];
  const [name] = (Object.keys(bindings) as (keyof typeof bindings)[]).filter((each) => supported.includes(each));
  if (name !== undefined) return bindings[name];
  throw new ConfigError('CLOUDSQL_INVALID_OPTION', 'The option `dialect` is not a class that the connector knows', {
    remedy: 'Set it to PostgresDialect of @sequelize/postgres, or to MySqlDialect of @sequelize/mysql.',
  });
}

export { cloudSql as sequelizeCloudSql };
