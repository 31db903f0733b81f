import { PrismaMariaDb } from '@prisma/adapter-mariadb';
import { PendingDials } from '@x/cloudsql-core';
import { type MariadbCloudSqlOptions, mariadbOptions } from '@x/cloudsql-core/mariadb';
import { tellDialErrors } from './dial-errors.ts';

/** Options of `mariadb`, by way of the adapter that they are for: it is its dependency, not ours. */
type MariadbConfig = Exclude<ConstructorParameters<typeof PrismaMariaDb>[0], string | { getConnection: unknown }>;

/** Options of `mariadb`'s pool, with the instance in place of the address. */
export type PrismaCloudSqlOptions = MariadbCloudSqlOptions<MariadbConfig>;

/** The second argument of Prisma's own adapter. */
export type PrismaCloudSqlAdapterOptions = NonNullable<ConstructorParameters<typeof PrismaMariaDb>[1]>;

/**
 * Prisma's driver adapter for MySQL on a Cloud SQL instance. Constructing it does no I/O.
 *
 * @example
 * const prisma = new PrismaClient({ adapter: new PrismaCloudSql({ instance: 'my-project:europe-west1:orders', database: 'orders' }) });
 * @throws ConfigError for options that are missing, unknown, contradicting or not the caller's to set
 */
export class PrismaCloudSql extends PrismaMariaDb {
  readonly #dials: PendingDials;

  /** `options` may be a URL, `mysql://`. */
  constructor(options: string | PrismaCloudSqlOptions, adapterOptions?: PrismaCloudSqlAdapterOptions) {
    const dials = new PendingDials();
    const config = dials.in(mariadbOptions(options) as MariadbConfig);
    // mariadb keeps as many connections open as it may have, which costs an idle service money; none is too few for it.
    super({ minimumIdle: 1, ...config }, adapterOptions);
    this.#dials = dials;
  }

  /** Opens a pool, whose end gives up what it is still dialling. */
  override async connect(): ReturnType<PrismaMariaDb['connect']> {
    return this.#dials.giveUpAt(tellDialErrors(await super.connect()), 'dispose');
  }
}
