import type { TLSSocket } from 'node:tls';
import { askPassword, logIn, refuse } from '../data-plane/postgres-session.ts';
import { abandon, type LoginSession } from '../data-plane/session.ts';
import { readStartup } from '../data-plane/startup-message.ts';
import type { Database } from '../database/database.ts';
import { EmulatorError } from '../errors.ts';
import type { DatabaseVersion } from '../options.ts';
import { MessageReader } from '../wire/message-reader.ts';
import { answerTo, greeting } from './echo-messages.ts';

const INVALID_PASSWORD = '28P01';
const MAX_PENDING_BYTES = 1_048_576;

/**
 * Stands in for a PostgreSQL where only connections count: it lets clients in as any other instance does, and answers
 * each simple query with the query itself.
 */
export class EchoDatabase implements Database {
  readonly databaseVersion: DatabaseVersion;
  #sessions = 0;

  constructor(databaseVersion: DatabaseVersion) {
    this.databaseVersion = databaseVersion;
  }

  url(): string {
    throw new EmulatorError('DATABASE_STATEMENT_FAILED', 'The instance has the backend ECHO, so there is no database.');
  }

  async createDatabase(): Promise<void> {}
  async createUser(): Promise<void> {}
  async dropUser(): Promise<void> {}
  async stop(): Promise<void> {}

  async serve(session: LoginSession): Promise<void> {
    const { client, record, instance } = session;
    const startup = await readStartup(client, session.signal);
    if (startup.kind === 'CANCEL') return void client.end();
    if (startup.kind === 'INVALID') return abandon(session, 'startup packet');
    if (!(await logIn(session, startup))) return;
    const user = instance.users.find(record.user ?? '');
    const isKnown = user?.kind === 'BUILT_IN' ? (await askPassword(session)) === user.password : user !== undefined;
    if (!isKnown) {
      const message = `password authentication failed for user "${record.user}"`;
      return refuse(session, { code: INVALID_PASSWORD, message });
    }
    record.state = 'open';
    record.backendPid = ++this.#sessions;
    client.write(greeting(record.backendPid));
    session.onJoined(converse(client));
  }
}

/** Answers until the client leaves. Returns a function that makes it swallow what is sent. */
function converse(client: TLSSocket): () => void {
  const reader = new MessageReader();
  const answer = (chunk: Buffer): void => {
    for (const message of reader.push(chunk)) {
      const bytes = answerTo(message);
      if (!bytes) return void client.end();
      client.write(bytes);
    }
    if (reader.pendingBytes > MAX_PENDING_BYTES) client.destroy();
  };
  client.on('data', answer).once('end', () => client.end());
  return () => client.off('data', answer).resume();
}
