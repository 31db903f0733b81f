import { cloudSql, type TypeOrmCloudSqlOptions } from '@x/typeorm-cloudsql';
import { DataSource, type EntityManager, EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';
import type { Connection, Item, Orm, Row, Scope } from '../row.ts';

/** TypeORM with one of its types of databases. */
export function typeormRow(name: Row['name'], type: TypeOrmCloudSqlOptions['type']): Row {
  const entity = entityFor(type);
  return {
    name,
    async open({ max, ...connection }: Connection): Promise<Orm> {
      const options = { type, ...connection, poolSize: max, entities: [entity], logging: false };
      const dataSource = new DataSource(cloudSql(options as TypeOrmCloudSqlOptions<'postgres'>));
      await dataSource.initialize();
      return {
        ...scopeOf(dataSource.manager, entity),
        createTable: () => dataSource.synchronize(),
        query: (sql) => dataSource.query(sql),
        async *stream(sql) {
          const runner = dataSource.createQueryRunner();
          try {
            yield* await runner.stream(sql);
          } finally {
            await runner.release();
          }
        },
        close: () => dataSource.destroy(),
      };
    },
  };
}

function scopeOf(manager: EntityManager, entity: EntitySchema<Item>): Scope {
  return {
    insert: (item) => manager.insert(entity, { ...item, data: item.data as object }),
    find: async () => (await manager.find(entity, { order: { id: 'ASC' } })).map(toItem),
    transaction: (work) => manager.transaction((inner) => work(scopeOf(inner, entity))),
  };
}

function entityFor(type: TypeOrmCloudSqlOptions['type']): EntitySchema<Item> {
  const postgres = type === 'postgres';
  const tags: EntitySchemaColumnOptions = { type: 'text', array: true };
  return new EntitySchema<Item>({
    name: 'Item',
    tableName: 'items',
    columns: {
      id: { type: 'int', primary: true },
      name: { type: 'text' },
      bytes: { type: postgres ? 'bytea' : 'mediumblob' },
      data: { type: 'json' },
      big: { type: 'bigint' },
      at: { type: postgres ? 'timestamptz' : 'datetime', precision: 3 },
      ...(postgres && { tags }),
    },
  });
}

function toItem(item: Item): Item {
  return { ...item, big: BigInt(item.big) };
}
