import type { Connector, ConnectorOptions } from '@x/cloudsql-core';

/** One line of the table that the scenarios share: values that tend to be damaged on the way. */
export interface Item {
  readonly id: number;
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly data: unknown;
  readonly big: bigint;
  readonly at: Date;
  /** Only where the engine has arrays. */
  readonly tags?: readonly string[];
}

/** Where to connect and as whom: the adapters' common options, and the limits of the pool. */
export interface Connection {
  readonly instance: string;
  readonly database: string;
  readonly max: number;
  readonly ipType?: string;
  readonly authType?: string;
  readonly user?: string;
  readonly password?: string;
  readonly connector?: Connector | ConnectorOptions;
}

/** What can be done inside a transaction and outside of one. */
export interface Scope {
  insert(item: Item): Promise<unknown>;
  /** All items in the order of their ids. */
  find(): Promise<Item[]>;
  /** Commits what `work` has done, or rolls it back if that fails; inside of another one, by a savepoint. */
  transaction(work: (scope: Scope) => Promise<void>): Promise<void>;
}

/** An ORM, connected to one instance. */
export interface Orm extends Scope {
  /** Creates the table of the items, by the ORM's own means where it has some. */
  createTable(): Promise<unknown>;
  /** Runs a statement of SQL. */
  query(sql: string): Promise<Record<string, unknown>[]>;
  /** Reads row by row. */
  stream?(sql: string): AsyncIterable<unknown>;
  /** The ORM's own end. */
  close(): Promise<unknown>;
}

/** An adapter with a driver: what the suite is run for. */
export interface Row {
  readonly name: RowName;
  /**
   * Makes the ORM as users do; it may connect or wait until it has to. It is to fail: where a driver tries to connect
   * again and again, it should soon give up.
   */
  open(connection: Connection, isToFail?: boolean): Orm | Promise<Orm>;
}

export type RowName =
  | 'knex + pg'
  | 'prisma + adapter-pg'
  | 'typeorm + pg'
  | 'sequelize + pg'
  | 'drizzle + node-postgres'
  | 'drizzle + postgres.js'
  | 'knex + mysql2'
  | 'prisma + adapter-mariadb'
  | 'typeorm + mysql2'
  | 'sequelize + mysql2'
  | 'drizzle + mysql2';
