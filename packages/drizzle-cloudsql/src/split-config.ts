import { ConfigError, checkOrmOptions } from '@x/cloudsql-core';
import type { DrizzleConfig } from 'drizzle-orm';

const inside = 'it belongs inside `connection`';
const owned = { client: 'it is made from `connection`', instance: inside, ipType: inside, database: inside };

/** Parts what `drizzle` is called with into the connection and options of Drizzle's own. */
export function splitConfig<Schema extends Record<string, unknown>, Connection>(
  given: string | (DrizzleConfig<Schema> & { readonly connection: Connection }),
  besides: DrizzleConfig<Schema> | undefined,
): { connection: Connection | string; rest: DrizzleConfig<Schema> } {
  const config = typeof given === 'string' ? { ...besides, connection: given } : given;
  checkOrmOptions('drizzle', config, owned);
  const { connection, ...rest } = config;
  if (connection !== undefined && connection !== null) return { connection, rest: rest as DrizzleConfig<Schema> };
  throw new ConfigError('CLOUDSQL_MISSING_OPTION', 'The option `connection` is not set', {
    remedy: 'Set it to { instance, database } or to a URL.',
  });
}
