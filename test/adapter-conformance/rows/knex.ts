import { cloudSql, type KnexCloudSqlConfig } from '@x/knex-cloudsql';
import knex, { type Knex } from 'knex';
import type { Connection, Item, Orm, Row, Scope } from '../row.ts';

/** Knex with one of its clients. */
export function knexRow(name: Row['name'], client: KnexCloudSqlConfig['client']): Row {
  return {
    name,
    open({ max, ...connection }: Connection): Orm {
      const db = knex(cloudSql({ client, connection, pool: { max } } as KnexCloudSqlConfig));
      return {
        ...scopeOf(db),
        createTable: () =>
          db.schema.createTable('items', (table) => {
            table.integer('id').primary();
            table.text('name');
            table.binary('bytes');
            table.json('data');
            table.bigInteger('big');
            table.timestamp('at', { precision: 3 });
            if (client === 'pg') table.specificType('tags', 'text[]');
          }),
        query: async (sql) => rowsOf(await db.raw(sql)),
        stream: (sql) => db.raw(sql).stream({ batchSize: 1000 }) as AsyncIterable<unknown>,
        close: () => db.destroy(),
      };
    },
  };
}

function scopeOf(db: Knex): Scope {
  return {
    insert: (item) => db('items').insert({ ...item, data: JSON.stringify(item.data), big: String(item.big) }),
    find: async () => (await db('items').select().orderBy('id')).map(toItem),
    transaction: (work) => db.transaction((trx) => work(scopeOf(trx))),
  };
}

/** pg answers with an object, mysql2 with a pair. */
function rowsOf(answer: { rows: Record<string, unknown>[] } | Record<string, unknown>[][]): Record<string, unknown>[] {
  return Array.isArray(answer) ? (answer[0] ?? []) : answer.rows;
}

function toItem({ big, ...rest }: Record<string, unknown>): Item {
  return { ...rest, big: BigInt(big as string) } as Item;
}
