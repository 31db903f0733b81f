import type { DataFolder } from '../data-folder/data-folder.ts';
import type { ResolvedInstance } from '../resolve-options.ts';
import { RULES } from '../service-rules.ts';
import { findPostgres } from './binaries.ts';
import { EmbeddedPostgres } from './embedded-postgres.ts';
import type { Launcher } from './launcher.ts';
import { chooseLauncher } from './launcher.ts';
import { resumeStatements, setupStatements } from './setup-sql.ts';

/** The database servers of one emulator, one for each instance. */
export class Databases {
  readonly #workspace: string;
  readonly #kept: DataFolder | undefined;
  readonly #isDurable: boolean;
  readonly #started: EmbeddedPostgres[] = [];
  #launcher: Promise<Launcher> | undefined;
  #count = 0;

  /** Data that lies in a folder is durable if it has to survive a crash of the machine, too. */
  constructor(workspace: string, kept: DataFolder | undefined, isDurable: boolean) {
    this.#workspace = workspace;
    this.#kept = kept;
    this.#isDurable = isDurable;
  }

  /** Starts the server of an instance, with its databases and users. */
  async start({ name, databases, users }: ResolvedInstance): Promise<EmbeddedPostgres> {
    this.#launcher ??= findPostgres(this.#workspace).then((found) => chooseLauncher(found, this.#workspace));
    const folder = String(this.#count++);
    const launcher = await this.#launcher;
    const rules = RULES[name.service];
    const stored = this.#kept?.find(name.connectionName);
    const database = await EmbeddedPostgres.start(
      {
        launcher,
        workspace: this.#workspace,
        folder,
        data: await this.#kept?.folderOf(name.connectionName),
        isDurable: this.#isDurable,
      },
      stored ? resumeStatements(users, rules, stored.users) : setupStatements(databases, users, rules),
    );
    this.#started.push(database);
    if (stored) for (const each of databases) await database.createDatabase(each, rules);
    return database;
  }

  /** Stops all servers and waits until they have gone. */
  async stop(): Promise<void> {
    await Promise.all(this.#started.map((database) => database.stop()));
  }
}
