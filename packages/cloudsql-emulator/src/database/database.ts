import type { StoredInstance } from '../data-folder/stored-state.ts';
import type { LoginSession } from '../data-plane/session.ts';
import type { DatabaseUser } from '../database-user.ts';
import type { ResolvedInstance } from '../resolve-options.ts';
import type { Launcher } from './launcher.ts';

/** Where and how a database server is started. */
export interface ServerPlace {
  readonly launcher: Launcher;
  readonly workspace: string;
  /** Name of this server's folder, unique in the workspace. */
  readonly folder: string;
  /**
   * Folder in which the data is kept. What is in it already is used.
   * @default one that goes with the server
   */
  readonly data: string | undefined;
  /** Whether the data has to survive a crash of the machine. */
  readonly isDurable: boolean;
}

/** What a server is to have. */
export interface DatabaseContent
  extends Pick<ResolvedInstance, 'databases' | 'users' | 'rules' | 'engine' | 'databaseUrl'> {
  /** What it has already, where its data was kept. */
  readonly stored: StoredInstance | undefined;
}

/** The running database server of one instance: what the emulator needs of an engine. */
export interface Database {
  /** As Cloud SQL names it: `POSTGRES_18`, `MYSQL_8_4`. */
  readonly databaseVersion: string;
  /** Returns a URL that reaches it as superuser, past TLS and IAM. */
  url(database?: string): string;
  /** Creates a database unless it is there. @throws EmulatorError `DATABASE_STATEMENT_FAILED` */
  createDatabase(name: string): Promise<void>;
  /** @throws EmulatorError `DATABASE_STATEMENT_FAILED` */
  createUser(user: DatabaseUser): Promise<void>;
  /** @throws EmulatorError `DATABASE_STATEMENT_FAILED` */
  dropUser(user: DatabaseUser): Promise<void>;
  /** Speaks with a client until it is known who logs in, then joins it with the database, or refuses it. */
  serve(session: LoginSession): Promise<void>;
  /** Keeps states of databases; absent where the engine cannot do that. */
  readonly snapshots?: Snapshots;
  /** Stops the server and waits until it has gone. */
  stop(): Promise<void>;
}

/** Keeps states of databases. Both methods end the sessions of the database. */
export interface Snapshots {
  /** Keeps the state of a database and returns its name. @throws EmulatorError `DATABASE_STATEMENT_FAILED` */
  take(database: string): Promise<string>;
  /** Gives a database the state that was kept under a name. @throws EmulatorError `DATABASE_STATEMENT_FAILED` */
  restore(snapshot: string, database: string): Promise<void>;
}
