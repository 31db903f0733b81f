import { once } from 'node:events';
import type { NetConnectOpts, Socket } from 'node:net';
import { connect } from 'node:net';
import { EmulatorError } from '../errors.ts';
import type { WireMessage } from '../wire/message-reader.ts';
import { MessageReader } from '../wire/message-reader.ts';
import { encodeMessage, encodeStartup, errorFields, text } from '../wire/messages.ts';
import { PasswordLogin } from '../wire/password-login.ts';

/** Name of the emulator's own superuser, as in Cloud SQL. */
export const ADMIN_ROLE = 'cloudsqladmin';

const CANNOT_CONNECT_NOW = '57P03';

/**
 * A client for the simple query protocol: it runs statements and reports errors; rows are thrown away. Over the private
 * socket the superuser needs no password.
 */
export class SqlClient {
  readonly #socket: Socket;
  readonly #messages: AsyncGenerator<WireMessage>;
  /** Settings that the server reported, such as `server_version`. */
  readonly settings: Map<string, string> = new Map();

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#messages = readMessages(socket);
  }

  /**
   * Connects and logs in, with a password where the server wants one. Fails with the system's error if the server does
   * not listen yet.
   */
  static async connect(
    to: string | NetConnectOpts,
    database: string,
    { user, password }: { readonly user: string; readonly password: string } = { user: ADMIN_ROLE, password: '' },
  ): Promise<SqlClient> {
    const socket = typeof to === 'string' ? connect(to) : connect(to);
    try {
      await once(socket, 'connect');
      const client = new SqlClient(socket);
      // Without a listener a late error would end the process; a read or write reports it anyway.
      socket.on('error', () => undefined);
      socket.write(
        encodeStartup(
          new Map([
            ['user', user],
            ['database', database],
          ]),
        ),
      );
      await client.#untilReady('log in', new PasswordLogin(user, password));
      return client;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  /** Runs one or more statements. @throws EmulatorError `DATABASE_STATEMENT_FAILED` */
  async run(sql: string): Promise<void> {
    this.#socket.write(encodeMessage('Q', text(sql)));
    await this.#untilReady(sql);
  }

  async close(): Promise<void> {
    if (this.#socket.destroyed) return;
    this.#socket.end(encodeMessage('X', Buffer.alloc(0)));
    this.#socket.resume();
    await once(this.#socket, 'close');
  }

  async #untilReady(statement: string, login?: PasswordLogin): Promise<void> {
    let failure: EmulatorError | undefined;
    for (;;) {
      const next = await this.#messages.next();
      if (next.done)
        throw (
          failure ??
          new EmulatorError('DATABASE_STATEMENT_FAILED', `The database closed the connection (${statement}).`)
        );
      const { type, body } = next.value;
      if (type === 'Z') break;
      if (type === 'E') {
        const { message, code } = errorFields(body);
        failure ??= new EmulatorError(
          code === CANNOT_CONNECT_NOW ? 'DATABASE_STARTING' : 'DATABASE_STATEMENT_FAILED',
          `The database refused: ${message} (SQLSTATE ${code}).`,
          { cause: { sqlState: code } },
        );
      }
      if (type === 'R') {
        const answer = login?.answer(body);
        if (answer) this.#socket.write(answer);
      }
      if (type === 'S') {
        const [name = '', value = ''] = body.toString('utf8').split('\0');
        this.settings.set(name, value);
      }
    }
    if (failure) throw failure;
  }
}

/** Returns the SQLSTATE behind an error of {@link SqlClient}, or an empty string. */
export function sqlStateOf(error: unknown): string {
  const { sqlState = '' } = ((error as Error).cause ?? {}) as { sqlState?: string };
  return sqlState;
}

async function* readMessages(socket: Socket): AsyncGenerator<WireMessage> {
  const reader = new MessageReader();
  for await (const chunk of socket) yield* reader.push(chunk);
}

/** Quotes a name for use in SQL. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Quotes a text for use in SQL. */
export function quoteLiteral(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
