import { cloudSql, type KnexCloudSqlConfig } from '@x/knex-cloudsql';
import knex, { type Knex } from 'knex';
import type { Connection, Item, Orm, Row, Scope } from '../row.ts';

/** Knex with one of its clients. */
export function knexRow(name: Row['name'], client: KnexCloudSqlConfig['client']): Row {
  return {
    name,
    open({ max, ...connection }: Connection): Orm {
      // Without these, mysql2 makes numbers of what no number can hold.
      const numbers = client === 'mysql2' ? { supportBigNumbers: true, bigNumberStrings: true } : {};
      const db = knex(
        cloudSql({ client, connection: { ...connection, ...numbers }, pool: { max } } as KnexCloudSqlConfig),
      );
      return {
        ...scopeOf(db),
        createTable: () =>
          db.schema.createTable('items', (table) => {
            table.integer('id').primary();
            table.text('name');
            table.specificType('bytes', client === 'pg' ? 'bytea' : 'mediumblob');
            table.json('data');
            table.bigInteger('big');
            table.timestamp('at', { precision: 3 });
            if (client === 'pg') table.specificType('tags', 'text[]');
          }),
        query: async (sql) => rowsOf(await db.raw(sql)),
        stream: (sql) => db.raw(sql).stream(client === 'pg' ? { batchSize: 1000 } : {}) as AsyncIterable<unknown>,
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

/** MariaDB has no type JSON, only a word for it. */
function toItem({ big, data, ...rest }: Record<string, unknown>): Item {
  return { ...rest, data: typeof data === 'string' ? JSON.parse(data) : data, big: BigInt(big as string) } as Item;
}
