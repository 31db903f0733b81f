import { cloudSql, type SequelizeCloudSqlOptions } from '@x/sequelize-cloudsql';
import { DataTypes, type Model, type ModelStatic, QueryTypes, Sequelize, type Transaction } from 'sequelize';
import type { Connection, Item, Orm, Row, Scope } from '../row.ts';

/** Sequelize with one of its dialects. */
export function sequelizeRow(name: Row['name'], dialect: SequelizeCloudSqlOptions['dialect']): Row {
  return {
    name,
    open({ max, ...connection }: Connection): Orm {
      const options = { dialect, ...connection, pool: { max }, logging: false };
      const sequelize = new Sequelize(cloudSql(options as SequelizeCloudSqlOptions));
      const items = define(sequelize, dialect === 'postgres');
      return {
        ...scopeOf(sequelize, items),
        createTable: () => items.sync(),
        query: (sql) => sequelize.query<Record<string, unknown>>(sql, { type: QueryTypes.SELECT }),
        close: () => sequelize.close(),
      };
    },
  };
}

function scopeOf(sequelize: Sequelize, items: ModelStatic<Model>, transaction?: Transaction): Scope {
  const inside = transaction ? { transaction } : {};
  return {
    insert: (item) => items.create({ ...item }, inside),
    find: async () => (await items.findAll({ order: ['id'], raw: true, ...inside })).map(toItem),
    transaction: (work) => sequelize.transaction(inside, (inner) => work(scopeOf(sequelize, items, inner))),
  };
}

function define(sequelize: Sequelize, hasArrays: boolean): ModelStatic<Model> {
  return sequelize.define(
    'Item',
    {
      id: { type: DataTypes.INTEGER, primaryKey: true },
      name: DataTypes.TEXT,
      bytes: DataTypes.BLOB('medium'),
      data: DataTypes.JSON,
      big: DataTypes.BIGINT,
      at: DataTypes.DATE(3),
      ...(hasArrays && { tags: DataTypes.ARRAY(DataTypes.TEXT) }),
    },
    { tableName: 'items', timestamps: false },
  );
}

function toItem(row: unknown): Item {
  const item = row as Item;
  // MariaDB has no type JSON, only a word for it.
  const data: unknown = typeof item.data === 'string' ? JSON.parse(item.data) : item.data;
  return { ...item, data, big: BigInt(item.big) };
}
