import type { RowName } from './row.ts';

/** What an adapter cannot show, by scenario, and why. Everything else has to pass. */
export const cannot: Readonly<Record<RowName, Readonly<Record<string, string>>>> = {
  'knex + pg': {},
  'prisma + adapter-pg': { 'stream of 100,000 rows': 'Prisma has no streaming' },
  'typeorm + pg': {},
  'sequelize + pg': { 'stream of 100,000 rows': 'Sequelize has no streaming' },
  'drizzle + node-postgres': { 'stream of 100,000 rows': 'Drizzle has no streaming on PostgreSQL' },
  'drizzle + postgres.js': { 'stream of 100,000 rows': 'Drizzle has no streaming on PostgreSQL' },
};

/** Why a row skips a scenario on a service; undefined if it has to pass. */
export function skipReason(row: RowName, _service: string, scenario: string): string | undefined {
  return cannot[row][scenario];
}
