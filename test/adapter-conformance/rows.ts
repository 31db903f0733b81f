import type { Row, RowName } from './row.ts';

/** All rows, loaded when they are wanted: each brings an ORM and a driver along. */
export const rows: Readonly<Record<RowName, () => Promise<Row>>> = {
  'knex + pg': async () => (await import('./rows/knex.ts')).knexRow('knex + pg', 'pg'),
  'prisma + adapter-pg': async () => (await import('./rows/prisma-pg.ts')).prismaPgRow,
  'typeorm + pg': async () => (await import('./rows/typeorm.ts')).typeormRow('typeorm + pg', 'postgres'),
  'sequelize + pg': async () => (await import('./rows/sequelize.ts')).sequelizeRow('sequelize + pg', 'postgres'),
  'drizzle + node-postgres': async () => (await import('./rows/drizzle-node-postgres.ts')).drizzleNodePostgresRow,
  'drizzle + postgres.js': async () => (await import('./rows/drizzle-postgres-js.ts')).drizzlePostgresJsRow,
  'knex + mysql2': async () => (await import('./rows/knex.ts')).knexRow('knex + mysql2', 'mysql2'),
  'prisma + adapter-mariadb': async () => (await import('./rows/prisma-mariadb.ts')).prismaMariadbRow,
  'typeorm + mysql2': async () => (await import('./rows/typeorm.ts')).typeormRow('typeorm + mysql2', 'mysql'),
  'sequelize + mysql2': async () => (await import('./rows/sequelize.ts')).sequelizeRow('sequelize + mysql2', 'mysql'),
  'drizzle + mysql2': async () => (await import('./rows/drizzle-mysql2.ts')).drizzleMysql2Row,
};
