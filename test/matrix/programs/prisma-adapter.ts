import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** As much of Prisma's adapters as a PrismaClient calls for one statement. */
interface Adapter {
  queryRaw(query: { sql: string; args: []; argTypes: [] }): Promise<{ columnNames: string[]; rows: unknown[][] }>;
  dispose(): Promise<unknown>;
}

/** Runs a statement, and makes objects of the rows. */
export async function query(adapter: Adapter, sql: string): Promise<Record<string, unknown>[]> {
  const { columnNames, rows } = await adapter.queryRaw({ sql, args: [], argTypes: [] });
  return rows.map((row) => Object.fromEntries(row.map((value, index) => [columnNames[index]!, value])));
}

/** Options for a connector that finds nobody at the address. */
export const refused = {
  dial: async (): Promise<Socket> => {
    const socket = connect(1, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  },
};

/** Checks that an adapter tells of a dial that is {@link refused} what the library says of it. */
export async function checkRefusal(adapter: Adapter): Promise<void> {
  await assert.rejects(query(adapter, 'select 1'), (error: Error) => {
    const { kind, originalCode, originalMessage } = error.cause as Record<string, string>;
    assert.equal(error.name, 'DriverAdapterError');
    assert.deepEqual([kind, originalCode], ['DatabaseNotReachable', 'CLOUDSQL_DIAL_FAILED']);
    assert.match(originalMessage!, /connect ECONNREFUSED 127\.0\.0\.1:1 \(instance "shop:europe-west1:/);
    return true;
  });
  await adapter.dispose();
}
