import type { Emulator } from '@x/cloudsql-emulator';
import { expect } from 'vitest';
import { until } from '../local-client.ts';
import type { Engine } from './engines/engine.ts';
import type { KnownErrors } from './errors.ts';
import type { Connection, Item, Orm, Row, Scope } from './row.ts';

/** What the suite is run for. */
export interface Subject {
  readonly row: Row;
  readonly engine: Engine;
  readonly errors: KnownErrors;
}

/** Where a scenario meets a row: one instance of the emulator. */
export class Bench {
  readonly cloud: Emulator;
  readonly row: Row;
  readonly instance: string;
  /** Another instance of the service, to fail over to. */
  readonly standby: string;
  readonly engine: Engine;
  readonly errors: KnownErrors;
  #table: Promise<void> | undefined;

  constructor(cloud: Emulator, { row, engine, errors }: Subject, service: string) {
    this.cloud = cloud;
    this.row = row;
    this.instance = engine.instances[service]!;
    this.standby = engine.standbys[service]!;
    this.engine = engine;
    this.errors = errors;
  }

  /** The ORM on the instance, with a pool of five unless told otherwise; disposing of it closes it. */
  async open(options: Partial<Connection> = {}, isToFail?: boolean): Promise<Orm & AsyncDisposable> {
    const orm = await this.row.open({ instance: this.instance, database: 'orders', max: 5, ...options }, isToFail);
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

  /** How the first use of a table fails. */
  readonly failure = async (options: Partial<Connection> = {}): Promise<unknown> => {
    try {
      await using orm = await this.open(options, true);
      return await orm.find();
    } catch (error) {
      return error;
    }
  };

  /** An item that the database keeps as it is. */
  item(id: number, values: Partial<Item> = {}): Item {
    return { ...this.engine.item, id, name: `item ${id}`, ...values };
  }

  /** Waits until the emulator has seen the end of all connections. */
  async disconnected(): Promise<void> {
    await until(() => this.cloud.statistics().connections.open === 0);
  }

  /**
   * Ends the connections that are open by `work`, again where one was still in the making and thus not found. A pool may
   * have opened others by then.
   */
  async end(work: () => unknown): Promise<void> {
    const open = this.cloud.connections.filter(({ closedAt }) => closedAt === undefined);
    const left = async (): Promise<unknown[]> => {
      await work();
      return open.filter(({ closedAt }) => closedAt === undefined);
    };
    await expect.poll(left, { interval: 100, timeout: 20_000 }).toEqual([]);
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

/** All items, with bytes of one kind, whatever the ORM has them as. */
export async function itemsOf(scope: Scope): Promise<Item[]> {
  return (await scope.find()).map((item) => ({ ...item, bytes: Buffer.from(item.bytes) }));
}
