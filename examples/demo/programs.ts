import { readFileSync } from 'node:fs';
import type { Connector } from '@x/cloudsql-core';

/** What each of the five programs is told. */
export interface Connection {
  readonly instance: string;
  readonly database: string;
  readonly ipType: 'PUBLIC' | 'PRIVATE';
  readonly user?: string | undefined;
  readonly connector?: Connector;
}

/** What each of the five programs returns. */
export interface Outcome {
  readonly currentUser: string;
  readonly rowsWritten: number;
  readonly rowsRead: number;
}

/** One of the programs in `examples/`. */
export interface Program {
  readonly orm: string;
  readonly ormVersion: string;
  readonly driver: string;
  /** Loads the program, so that loading is not counted as work. */
  load(): Promise<(connection: Connection) => Promise<Outcome>>;
}

function program(
  orm: string,
  name: string,
  load: () => Promise<{ run: (connection: Connection) => Promise<Outcome> }>,
): Program {
  return {
    orm,
    ormVersion: version(orm, name),
    driver: `pg ${version(orm, 'pg')}`,
    load: async () => (await load()).run,
  };
}

/** The version that the program has installed. */
function version(orm: string, name: string): string {
  const manifest = new URL(`../${orm}/node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

export const programs: readonly Program[] = [
  program('knex', 'knex', () => import('@x/example-knex')),
  program('prisma', '@prisma/client', () => import('@x/example-prisma')),
  program('typeorm', 'typeorm', () => import('@x/example-typeorm')),
  program('sequelize', 'sequelize', () => import('@x/example-sequelize')),
  program('drizzle', 'drizzle-orm', () => import('@x/example-drizzle')),
];
