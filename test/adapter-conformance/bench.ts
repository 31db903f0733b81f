import type { Emulator } from '@x/cloudsql-emulator';
import type { Engine } from './engines/engine.ts';
import { until } from '../local-client.ts';
import type { Connection, Item, Orm, Row } from './row.ts';

/** Where a scenario meets a row: one instance of the emulator. */
export class Bench {
  readonly cloud: Emulator;
  readonly row: Row;
  readonly instance: string;
  readonly engine: Engine;
  #table: Promise<void> | undefined;

  constructor(cloud: Emulator, row: Row, instance: string, engine: Engine) {
    this.cloud = cloud;
    this.row = row;
    this.instance = instance;
    this.engine = engine;
  }

  /** The ORM on the instance, with a pool of five unless told otherwise; disposing of it closes it. */
  async open(options: Partial<Connection> = {}): Promise<Orm & AsyncDisposable> {
    const orm = await this.row.open({ instance: this.instance, database: 'orders', max: 5, ...options });
    let closed: Promise<unknown> | undefined;
    const close = (): Promise<unknown> => {
      closed ??= orm.close();
      return closed;
    };
    return {
      ...orm,
      close,
      async [Symbol.asyncDispose]() {
        await close();
      },
    };
  }

  /** The same, with the table of items, which is empty. */
  async openWithTable(options: Partial<Connection> = {}): Promise<Orm & AsyncDisposable> {
    this.#table ??= this.#createTable();
    await this.#table;
    await this.engine.administer(this.cloud, this.instance, 'delete from items');
    return await this.open(options);
  }

  /** Connects, says as whom, and closes. */
  readonly login = async (options: Partial<Connection> = {}): Promise<string> => {
    await using orm = await this.open(options);
    return await whoAmI(orm, this.engine);
  };

  /** An item that the database keeps as it is. */
  item(id: number, values: Partial<Item> = {}): Item {
    return { ...this.engine.item, id, name: `item ${id}`, ...values };
  }

  /** Waits until the emulator has seen the end of all connections. */
  async disconnected(): Promise<void> {
    await until(() => this.cloud.statistics().connections.open === 0);
  }

  async #createTable(): Promise<void> {
    await using orm = await this.open();
    await orm.createTable();
  }
}

/** As whom the ORM is logged in. */
export async function whoAmI(orm: Orm, { whoAmI }: Engine): Promise<string> {
  const [row] = await orm.query(whoAmI);
  return row?.name as string;
}
