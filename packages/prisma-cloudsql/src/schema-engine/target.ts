import { pgOptions } from '@x/cloudsql-core/pg';
import type { PoolConfig } from '../pool-config.ts';
import { takeSchema } from '../schema-parameter.ts';
import { UserError } from './user-error.ts';

/** A database, as a URL of `prisma.config.ts` names it. */
export interface Target {
  /** What pg takes. */
  readonly config: PoolConfig;
  /** The instance as messages name it. */
  readonly instance: string;
  readonly database: string;
  /** The PostgreSQL schema that unqualified names mean: Prisma's own URL parameter `schema`. */
  readonly schema: string;
}

/**
 * Reads the URL form, `postgresql://user@/orders?instance=project:region:name`. Does no I/O.
 * @throws UserError P1013
 */
export function parseTarget(url: string | undefined): Target {
  if (!url) throw new UserError('P1013', 'The Prisma config file has no `datasource.url`.');
  const { bare, schema = 'public' } = takeSchema(url);
  const instance = new URLSearchParams(bare.split('?')[1]).get('instance') ?? '';
  try {
    const config: PoolConfig = pgOptions(bare);
    const database = config.database ?? 'postgres';
    return { config: { ...config, database }, instance, database, schema };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const hint = instance
      ? ''
      : '\n\nThe schema engine of @x/prisma-cloudsql connects to Cloud SQL instances only. To use the engine of Prisma, unset PRISMA_SCHEMA_ENGINE_BINARY.';
    throw new UserError('P1013', `The provided database string is invalid. ${reason}${hint}`, { cause });
  }
}

/** Names another database of the same instance. */
export function withDatabase(target: Target, database: string): Target {
  return { ...target, database, config: { ...target.config, database } };
}
