import { ConfigError, checkOrmOptions } from '@x/cloudsql-core';
import type { DrizzleConfig } from 'drizzle-orm';

const inside = 'it belongs inside `connection`';
const owned = { client: 'it is made from `connection`', instance: inside, ipType: inside, database: inside };

/** Takes `connection` out of a configuration whose other options are Drizzle's. */
export function splitConfig<Schema extends Record<string, unknown>, Connection>(
  config: DrizzleConfig<Schema> & { readonly connection: Connection },
): { connection: Connection; rest: DrizzleConfig<Schema> } {
  checkOrmOptions('drizzle', config, owned);
  const { connection, ...rest } = config;
  if (connection !== undefined && connection !== null) return { connection, rest: rest as DrizzleConfig<Schema> };
  throw new ConfigError('CLOUDSQL_MISSING_OPTION', 'The option `connection` is not set', {
    remedy: 'Set it to { instance, database } or to a URL.',
  });
}
