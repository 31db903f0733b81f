import type { DataFolder } from '../data-folder/data-folder.ts';
import { EchoDatabase } from '../echo/echo-database.ts';
import type { EngineName } from '../engine-version.ts';
import { launchMysql } from '../mysql/launched-mysql.ts';
import { openMysql } from '../mysql/mysql-at-url.ts';
import { findMysql } from '../mysql/mysql-programs.ts';
import type { ResolvedInstance } from '../resolve-options.ts';
import { SqlServer } from '../sql-server/sql-server.ts';
import { findPostgres } from './binaries.ts';
import type { Database, DatabaseContent, ServerPlace } from './database.ts';
import { EmbeddedPostgres } from './embedded-postgres.ts';
import type { Launcher } from './launcher.ts';
import { chooseLauncher } from './launcher.ts';
import { PostgresAtUrl } from './postgres-at-url.ts';

/** Starts a server of one engine. */
type Starter = (place: ServerPlace, content: DatabaseContent) => Promise<Database>;

/** The database servers of one emulator, one for each instance. */
export class Databases {
  readonly #workspace: string;
  readonly #kept: DataFolder | undefined;
  readonly #isDurable: boolean;
  readonly #started: Database[] = [];
  #launcher: Promise<Launcher> | undefined;
  readonly #starters = new Map<EngineName, Promise<Starter>>();
  #count = 0;

  /** Data that lies in a folder is durable if it has to survive a crash of the machine, too. */
  constructor(workspace: string, kept: DataFolder | undefined, isDurable: boolean) {
    this.#workspace = workspace;
    this.#kept = kept;
    this.#isDurable = isDurable;
  }

  /** Starts the server of an instance, with its databases and users. */
  async start({ name, ...content }: ResolvedInstance): Promise<Database> {
    // Nothing is looked for or kept where there is no database.
    if (content.isEcho) return new EchoDatabase(content.engine.version);
    const folder = String(this.#count++);
    this.#launcher ??= chooseLauncher(this.#workspace);
    const launcher = await this.#launcher;
    const start = await this.#starter(content.engine.name, launcher);
    const place = {
      launcher,
      workspace: this.#workspace,
      folder,
      data: await this.#kept?.folderOf(name.connectionName),
      isDurable: this.#isDurable,
    };
    const database = await start(place, { ...content, stored: this.#kept?.find(name.connectionName) });
    this.#started.push(database);
    return database;
  }

  /** Stops all servers and waits until they have gone. */
  async stop(): Promise<void> {
    await Promise.all(this.#started.map((database) => database.stop()));
  }

  /** What an engine needs is looked for once, and only if an instance wants it. */
  #starter(engine: EngineName, launcher: Launcher): Promise<Starter> {
    const known = this.#starters.get(engine) ?? STARTERS[engine](launcher, this.#workspace);
    this.#starters.set(engine, known);
    return known;
  }
}

const STARTERS: Readonly<Record<EngineName, (launcher: Launcher, workspace: string) => Promise<Starter>>> = {
  async POSTGRES(launcher, workspace) {
    const find = once(() => findPostgres(launcher, workspace));
    return async (place, content) =>
      content.databaseUrl === undefined
        ? await EmbeddedPostgres.start(place, await find(), content)
        : await PostgresAtUrl.open(content.databaseUrl, content);
  },
  async MYSQL() {
    const find = once(findMysql);
    return async (place, content) =>
      content.databaseUrl === undefined
        ? await launchMysql(place, await find(), content)
        : await openMysql(content.databaseUrl, content);
  },
  async SQLSERVER() {
    return async (_, { engine, databaseUrl }) => new SqlServer(engine.version, databaseUrl ?? '');
  },
};

/** Remembers what a function returned the first time. */
function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
