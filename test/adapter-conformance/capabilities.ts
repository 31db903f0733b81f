import type { RowName } from './row.ts';

/** All scenarios, in the order in which they run. */
export const scenarioNames = [
  ...(['schema', '40 writes on a pool of 5', 'commit', 'rollback', 'savepoint', 'stream of 100,000 rows'] as const),
  ...(['bytes', 'JSON', 'bigint', 'timestamps', 'arrays'] as const),
  ...(['idle connections killed', 'killed in a query', 'refused at connect', 'slow dial'] as const),
  ...(['closed during a dial', 'certificate expired between queries'] as const),
  ...(['failover under load, another pool idle'] as const),
  ...(['IAM user discovered', 'manual IAM', 'password', 'wrong user'] as const),
  ...(['public address', 'private address', 'Private Service Connect', 'nothing left behind'] as const),
] as const;

export type ScenarioName = (typeof scenarioNames)[number];

const mysql = { arrays: 'MySQL has no arrays' };

/** What an adapter cannot show, by scenario, and why. Everything else has to pass. */
export const cannot: Readonly<Record<RowName, Readonly<Partial<Record<ScenarioName, string>>>>> = {
  'knex + pg': {},
  'prisma + adapter-pg': { 'stream of 100,000 rows': 'Prisma has no streaming' },
  'typeorm + pg': {},
  'sequelize + pg': { 'stream of 100,000 rows': 'Sequelize has no streaming' },
  'drizzle + node-postgres': { 'stream of 100,000 rows': 'Drizzle has no streaming on PostgreSQL' },
  'drizzle + postgres.js': { 'stream of 100,000 rows': 'Drizzle has no streaming on PostgreSQL' },
  'knex + mysql2': mysql,
  'prisma + adapter-mariadb': { ...mysql, 'stream of 100,000 rows': 'Prisma has no streaming' },
  'typeorm + mysql2': mysql,
  'sequelize + mysql2': { ...mysql, 'stream of 100,000 rows': 'Sequelize has no streaming' },
  'drizzle + mysql2': mysql,
};

/** The services that have the engine of a row. */
export function servicesOf(row: RowName): readonly string[] {
  return /mysql2|mariadb/.test(row) ? ['Cloud SQL'] : ['Cloud SQL', 'AlloyDB'];
}
