import { PrismaMssql } from '@prisma/adapter-mssql';
import { poolErrorListener } from '@x/cloudsql-core';
import { type TediousCloudSqlOptions, tediousOptions } from '@x/cloudsql-core/tedious';
import { takeSchema } from './schema-parameter.ts';

/** Options of `mssql`, by way of the adapter that they are for: it is its dependency, not ours. */
type MssqlConfig = Exclude<ConstructorParameters<typeof PrismaMssql>[0], string>;

/** Options of `mssql`, with the instance in place of the address. */
export type PrismaCloudSqlOptions = TediousCloudSqlOptions<MssqlConfig>;

/** The second argument of Prisma's own adapter. */
export type PrismaCloudSqlAdapterOptions = NonNullable<ConstructorParameters<typeof PrismaMssql>[1]>;

/**
 * Prisma's driver adapter for SQL Server on a Cloud SQL instance. Constructing it does no I/O.
 *
 * @example
 * const options = { instance: 'my-project:europe-west1:orders', user: 'app', password, database: 'orders' };
 * const prisma = new PrismaClient({ adapter: new PrismaCloudSql(options) });
 * @throws ConfigError for options that are missing, unknown, contradicting or not the caller's to set
 */
export class PrismaCloudSql extends PrismaMssql {
  /** `options` may be a URL, `sqlserver://`, with Prisma's own parameter `schema` if need be. */
  constructor(options: string | PrismaCloudSqlOptions, adapterOptions?: PrismaCloudSqlAdapterOptions) {
    const { bare, schema } = typeof options === 'string' ? takeSchema(options) : { bare: options, schema: undefined };
    const report = poolErrorListener(typeof options === 'string' ? undefined : options.connector);
    const onPoolError = (error: unknown): void => report(error as Error);
    super(tediousOptions(bare), { ...(schema && { schema }), onPoolError, ...adapterOptions });
  }
}
