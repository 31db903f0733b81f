import type { PrismaPg } from '@prisma/adapter-pg';

/** The options of pg's pool, by way of the adapter that they are for: pg is its dependency, not ours. */
export type PoolConfig = Exclude<ConstructorParameters<typeof PrismaPg>[0], string | { query: unknown }>;
