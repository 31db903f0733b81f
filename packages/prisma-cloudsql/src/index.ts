import { PrismaPg } from '@prisma/adapter-pg';
import { poolErrorListener } from '@x/cloudsql-core';
import { type PgCloudSqlOptions, pgOptions } from '@x/cloudsql-core/pg';
import { tellDialErrors } from './dial-errors.ts';
import type { PoolConfig } from './pool-config.ts';
import { takeSchema } from './schema-parameter.ts';

export { type CloudSqlUrlOptions, cloudSqlUrl, cloudSqlUrlSync } from '@x/cloudsql-core/listener';

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
  /** `options` may be a URL, with Prisma's own parameter `schema` if need be. */
  constructor(options: string | PrismaCloudSqlOptions, adapterOptions?: PrismaCloudSqlAdapterOptions) {
    if (typeof options === 'string') {
      const { bare, schema } = takeSchema(options);
      super(pgOptions(bare), { ...(schema && { schema }), onPoolError: poolErrorListener(), ...adapterOptions });
    } else {
      super(pgOptions(options), { onPoolError: poolErrorListener(options.connector), ...adapterOptions });
    }
  }

  /** Opens a pool. */
  override async connect(): ReturnType<PrismaPg['connect']> {
    return tellDialErrors(await super.connect());
  }
}
