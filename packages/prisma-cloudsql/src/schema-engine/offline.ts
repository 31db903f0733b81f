import type { Adapter } from './connection.ts';
import { UserError } from './user-error.ts';

// `ColumnTypeEnum` of Prisma's driver adapters.
const columnType = { boolean: 5, text: 7, int32: 0 } as const;

/**
 * Stands for a session where a command needs none: the engine always opens one, and asks it whether the schema exists
 * and which version of PostgreSQL answers. So `prisma migrate diff` between two schema files works without a database.
 */
export const offlineAdapter: Pick<Adapter, 'queryRaw' | 'getConnectionInfo' | 'dispose'> & object = {
  provider: 'postgres',
  adapterName: '@prisma/adapter-pg',
  queryRaw: async ({ sql }) => {
    if (!sql.includes('server_version_num')) return refuse();
    return {
      columnNames: ['exists', 'version', 'numeric_version'],
      columnTypes: [columnType.boolean, columnType.text, columnType.int32],
      rows: [[true, 'PostgreSQL', 140_000]],
    };
  },
  executeRaw: refuse,
  executeScript: refuse,
  startTransaction: refuse,
  getConnectionInfo: () => ({ supportsRelationJoins: true }),
  dispose: async () => {},
} as Pick<Adapter, 'queryRaw' | 'getConnectionInfo' | 'dispose'>;

async function refuse(): Promise<never> {
  throw new UserError('', 'This command was taken for one that needs no database.');
}
