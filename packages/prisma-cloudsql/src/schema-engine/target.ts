import { pgOptions } from '@x/cloudsql-core/pg';
import type { PoolConfig } from 'pg';
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
  const { bare, query } = takeSchema(url);
  try {
    const config: PoolConfig = pgOptions(bare);
    const database = config.database ?? 'postgres';
    const schema = query.get('schema') || 'public';
    return { config: { ...config, database }, instance: query.get('instance') ?? '', database, schema };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const hint = query.get('instance')
      ? ''
      : '\n\nThe schema engine of @x/prisma-cloudsql connects to Cloud SQL instances only. To use the engine of Prisma, unset PRISMA_SCHEMA_ENGINE_BINARY.';
    throw new UserError('P1013', `The provided database string is invalid. ${reason}${hint}`, { cause });
  }
}

/** Names another database of the same instance. */
export function withDatabase(target: Target, database: string): Target {
  return { ...target, database, config: { ...target.config, database } };
}

// The binding knows every parameter of the URL but this one, which is Prisma's. Not `new URL`: it refuses a user
// without a host.
function takeSchema(url: string): { bare: string; query: URLSearchParams } {
  const [start, ...rest] = url.split('?');
  const query = new URLSearchParams(rest.join('?'));
  const others = new URLSearchParams(query);
  others.delete('schema');
  return { bare: others.size > 0 ? `${start}?${others}` : String(start), query };
}
