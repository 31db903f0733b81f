import type { LoginSession } from '../data-plane/session.ts';
import type { DatabaseUser } from '../database-user.ts';

/** The running database server of one instance: what the emulator needs of an engine. */
export interface Database {
  /** As Cloud SQL names it: `POSTGRES_18`, `MYSQL_8_4`. */
  readonly databaseVersion: string;
  /** Returns a URL that reaches it as superuser, past TLS and IAM. */
  url(database?: string): string;
  /** @throws EmulatorError `DATABASE_STATEMENT_FAILED` */
  createUser(user: DatabaseUser): Promise<void>;
  /** @throws EmulatorError `DATABASE_STATEMENT_FAILED` */
  dropUser(user: DatabaseUser): Promise<void>;
  /** Speaks with a client until it is known who logs in, then joins it with the database, or refuses it. */
  serve(session: LoginSession): Promise<void>;
  /** Stops the server and waits until it has gone. */
  stop(): Promise<void>;
}
