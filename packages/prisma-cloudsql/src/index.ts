import { PrismaPg } from '@prisma/adapter-pg';
import { type PgCloudSqlOptions, pgOptions, poolErrorListener } from '@x/cloudsql-core/pg';

/** The options of pg's pool, by way of the adapter that they are for. */
type PoolConfig = Exclude<ConstructorParameters<typeof PrismaPg>[0], string | { query: unknown }>;

/** Options of pg's pool, with the instance in place of the address. */
export type PrismaCloudSqlOptions = PgCloudSqlOptions<PoolConfig>;

/** The second argument of Prisma's own adapter. */
export type PrismaCloudSqlAdapterOptions = NonNullable<ConstructorParameters<typeof PrismaPg>[1]>;

/**
 * Prisma's driver adapter for PostgreSQL on a Cloud SQL instance. Constructing it does no I/O.
 *
 * @example
 * const prisma = new PrismaClient({ adapter: new PrismaCloudSql({ instance: 'my-project:europe-west1:orders', database: 'orders' }) });
 * @throws ConfigError for options that are missing, unknown, contradicting or not the caller's to set
 */
export class PrismaCloudSql extends PrismaPg {
  constructor(options: string | PrismaCloudSqlOptions, adapterOptions?: PrismaCloudSqlAdapterOptions) {
    const connector = typeof options === 'string' ? undefined : options.connector;
    super(pgOptions(options), { onPoolError: poolErrorListener(connector), ...adapterOptions });
  }
}
