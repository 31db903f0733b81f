import type { Server, Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { optionalMilliseconds } from '../options/check.ts';
import { publish } from '../telemetry.ts';
import type { Gate } from './gate.ts';
import { MysqlSession } from './mysql-session.ts';
import type { SessionOptions } from './options.ts';
import { PostgresSession } from './postgres-session.ts';
import type { Session } from './session.ts';
import { sessionReport } from './session-report.ts';
import { SqlServerSession } from './sql-server-session.ts';

/** What a {@link Listener} is made of. */
export interface ListenerParts {
  /** It listens already, and has accepted nobody yet. */
  readonly server: Server;
  readonly session: SessionOptions;
  readonly gate: Gate;
  readonly address: string;
  readonly url: string;
  /** Removes what was made for the listener; called once. */
  readonly cleanUp: () => void;
}

/** The sessions of those who speak each engine's protocol. */
const sessions = { POSTGRES: PostgresSession, MYSQL: MysqlSession, SQLSERVER: SqlServerSession } as const;

/**
 * A local socket that speaks PostgreSQL, MySQL or TDS, for tools that only take a URL. It keeps no process alive. `listen` and
 * `listenSync` make one.
 */
export class Listener {
  readonly #parts: ListenerParts;
  readonly #sessions: Set<Session> = new Set();
  readonly #closed: Promise<void>;
  #closing = false;

  /** Made by `listen` and `listenSync` only. */
  constructor(parts: ListenerParts) {
    this.#parts = parts;
    const { server, address } = parts;
    server.on('connection', (client) => this.#accept(client));
    // One that cannot accept a client, for want of file handles, says so and goes on.
    server.on('error', (error) => publish('listener-error', { address, error }));
    this.#closed = new Promise((resolve) => {
      server.once('close', () => resolve());
    });
  }

  /**
   * What a client is given: libpq, `pg`, Prisma's engine and others understand that of PostgreSQL, `mysql2` and `mariadb`
   * that of MySQL; for SQL Server what Prisma is given. It may hold a secret or a password, so it is not for logs and
   * command lines.
   */
  get url(): string {
    return this.#parts.url;
  }

  /** The path of the Unix socket, or host and port. */
  get address(): string {
    return this.#parts.address;
  }

  /** How many clients there are. */
  get sessions(): number {
    return this.#sessions.size;
  }

  /** Keeps the process alive until the listener is closed. */
  ref(): this {
    this.#parts.server.ref();
    return this;
  }

  /** Lets the process end when it has nothing else to do, as from the beginning. */
  unref(): this {
    this.#parts.server.unref();
    return this;
  }

  /**
   * Accepts nobody any more, gives sessions `drainMs` milliseconds to end by themselves, and then ends those that are
   * left. Resolves when all is over. Called again, it waits for that too, and may bring the end forward.
   */
  async close({ drainMs }: { readonly drainMs?: number } = {}): Promise<void> {
    const ms = optionalMilliseconds('drainMs', drainMs, 0) ?? 0;
    if (!this.#closing) {
      this.#closing = true;
      this.#parts.server.close();
      this.#parts.cleanUp();
    }
    // Referenced, because sessions are not: whoever waits for the end shall see it.
    const timer = setTimeout(() => {
      for (const session of this.#sessions) session.end();
    }, ms);
    await this.#closed;
    clearTimeout(timer);
    // A server is closed a moment before its last sockets say that they are.
    while (this.#sessions.size > 0) await setImmediate();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(client: Socket): void {
    const { session: options, gate } = this.#parts;
    const session = new sessions[options.engine](client, options, gate);
    const report = sessionReport(client, this.address, options.connection.instance);
    client.unref();
    this.#sessions.add(session);
    report('ACCEPTED');
    client.once('close', () => {
      this.#sessions.delete(session);
      report('ENDED', session.failure);
    });
    const mayCancel = (): boolean => [...this.#sessions].some(({ joined }) => joined);
    const joined = (): void => (session.joined ? report('JOINED') : undefined);
    // It tells the client what goes wrong; this is for what nobody has thought of.
    session.run(mayCancel).then(joined, (error: Error) => {
      publish('listener-error', { address: this.address, error });
      session.end();
    });
  }
}
