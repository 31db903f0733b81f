import type { Adapter } from './connection.ts';

type Pool = ReturnType<Adapter['underlyingDriver']>;

// Types of PostgreSQL by number.
const internalChar = 18;
const text = 25;

// `ColumnTypeEnum.Character` of Prisma's driver adapters.
const character = 6;

/**
 * Lets queries through `adapter` give columns of PostgreSQL's internal type "char". The engine asks the catalogue for
 * such columns and wants characters; the adapter refuses the type.
 */
export function presentInternalChars(adapter: Adapter): void {
  const pool = adapter.underlyingDriver();
  const query = pool.query.bind(pool) as unknown as (...args: unknown[]) => Promise<unknown>;
  // The engine asks one question at a time on a session.
  let columns: number[] = [];
  const renamed = async (...args: unknown[]): Promise<unknown> => {
    const result = await query(...args);
    columns = renameChars(result);
    return result;
  };
  pool.query = renamed as unknown as Pool['query'];

  const queryRaw = adapter.queryRaw.bind(adapter);
  adapter.queryRaw = async (params) => {
    const result = await queryRaw(params);
    for (const column of columns) result.columnTypes[column] = character;
    return result;
  };
}

/** Passes the columns off as text, which they arrive as, and says which they are. */
function renameChars(result: unknown): number[] {
  const { fields = [] } = (result ?? {}) as { fields?: { dataTypeID: number }[] };
  return fields.flatMap((field, index) => {
    if (field.dataTypeID !== internalChar) return [];
    field.dataTypeID = text;
    return [index];
  });
}
