import type { Socket } from 'node:net';
import type { Deadline } from '../deadline.ts';
import { CloudSqlError, errorCatalogue } from '../errors.ts';
import { serverClosed, userPlaceholder } from '../login.ts';
import { encodeFatal, type FatalError, sqlState } from '../postgres/messages.ts';
import { encodeStartup, replaceUser, type StartupParameters } from '../postgres/startup-message.ts';
import { announceClient, skipAnswer } from './client-protocol.ts';
import { ClientSession, LoginTimeout } from './client-session.ts';
import { readExactly } from './packet-reader.ts';
import { endWith, relay } from './relay.ts';
import { logIn } from './server-login.ts';
import { readStartup, type Startup } from './startup.ts';

const closed: FatalError = { code: sqlState.adminShutdown, message: 'The listener was closed' };

/** A client that speaks PostgreSQL. */
export class PostgresSession extends ClientSession {
  protected override encodeError(error: unknown): Buffer {
    return encodeFatal(fatalError(error));
  }

  protected override encodeClosed(): Buffer {
    return encodeFatal(closed);
  }

  protected override async serve(mayCancel: () => boolean): Promise<void> {
    const startup = await this.#receive();
    if (startup === 'REFUSED') return;
    if (startup.wants === 'NOTHING') {
      if (startup.problem) this.#refuse({ code: sqlState.protocolViolation, message: startup.problem });
      else this.client.destroy();
      return;
    }
    if (startup.wants === 'CANCEL') {
      if (mayCancel()) await this.#cancel(startup.packet);
      endWith(this.client, Buffer.alloc(0));
      return;
    }
    await this.#logIn(startup);
  }

  /** Reads what the client wants and, if it wants to log in, whether it may. */
  async #receive(): Promise<Startup | 'REFUSED'> {
    const limit = this.clientLimit();
    try {
      const startup = await readStartup(this.client, limit.signal);
      const problem = startup.wants === 'LOGIN' ? await this.gate.admit(this.client, limit.signal) : undefined;
      if (problem === undefined) return startup;
      this.#refuse({ code: sqlState.invalidPassword, message: problem });
      return 'REFUSED';
    } finally {
      limit.clear();
    }
  }

  async #logIn({ version, parameters }: Startup & { wants: 'LOGIN' }): Promise<void> {
    const { user: configured, iam, password } = this.options;
    const given = parameters.find(([name]) => name === 'user')?.[1] ?? '';
    const isUnknown = given === '' || given === userPlaceholder;
    const unwatch = this.watchClient();
    let limit: Deadline | undefined;
    try {
      this.enterAll();
      const known = isUnknown ? (configured ?? (iam ? undefined : given)) : given;
      const login = await this.open(known);
      limit = this.serverLimit();
      const renamed = isUnknown ? replaceUser(withUser(parameters), given, login.user) : parameters;
      const { socket: server, user, secret: token } = login;
      const announced = announceClient(server, this.options.clientProtocol);
      server.write(encodeStartup(version, renamed));
      if (announced) await skipAnswer(server, this.options.connection.instance, limit.signal);
      const answers = this.gate.asks || password !== undefined || token !== undefined;
      const secret = async (): Promise<string | undefined> =>
        token ?? (typeof password === 'function' ? await password() : password);
      const outcome = answers
        ? await logIn({ server, client: this.client, user, password: secret, signal: limit.signal })
        : await firstByte(server, limit.signal);
      if (outcome.outcome === 'CLOSED') {
        const { connector, connection } = this.options;
        throw serverClosed(connector, connection);
      }
      if (outcome.outcome === 'FAILED') return this.#refuse(outcome.error);
      unwatch();
      this.join();
      relay(this.client, server);
    } finally {
      unwatch();
      limit?.clear();
    }
  }

  /** Passes a CancelRequest on. The server answers by hanging up. */
  async #cancel(packet: Buffer): Promise<void> {
    const { socket } = await this.open('');
    const limit = this.serverLimit();
    try {
      socket.end(packet);
      await readExactly(socket, 1, limit.signal);
    } finally {
      limit.clear();
      socket.destroy();
    }
  }

  #refuse(error: FatalError): void {
    this.refuse(new Error(error.message), encodeFatal(error));
  }
}

/** Waits for the server's first word and leaves it in the stream. */
async function firstByte(
  server: Socket,
  signal: AbortSignal,
): Promise<{ readonly outcome: 'RELAY' } | { readonly outcome: 'CLOSED' }> {
  const byte = await readExactly(server, 1, signal);
  if (!byte) return { outcome: 'CLOSED' };
  server.unshift(byte);
  return { outcome: 'RELAY' };
}

/** A name must be there to be replaced. */
function withUser(parameters: StartupParameters): StartupParameters {
  return parameters.some(([name]) => name === 'user') ? parameters : [['user', ''], ...parameters];
}

/** Our errors in the words of PostgreSQL: what failed, the code, and what to do. */
function fatalError(error: unknown): FatalError {
  if (error instanceof LoginTimeout) return { code: sqlState.invalidAuthorization, message: error.message };
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof CloudSqlError)) return { code: sqlState.connectionFailure, message };
  const { code, remedy } = error;
  const { kind, retryable } = errorCatalogue[code];
  return {
    code: sqlStates.get(code) ?? sqlState.connectionFailure,
    message: message.endsWith(` ${remedy}`) ? message.slice(0, -remedy.length - 1) : message,
    detail: `${code} (${kind}, a retry ${retryable ? 'may help' : 'does not help'})`,
    hint: remedy,
  };
}

const sqlStates = new Map<string, string>([
  ['CLOUDSQL_NO_CREDENTIALS', sqlState.invalidAuthorization],
  ['CLOUDSQL_PERMISSION_DENIED', sqlState.invalidAuthorization],
  ['CLOUDSQL_TOKEN_FAILED', sqlState.invalidAuthorization],
  ['CLOUDSQL_TOO_MANY_SESSIONS', sqlState.tooManyConnections],
  ['CLOUDSQL_UNKNOWN_DATABASE_USER', sqlState.invalidAuthorization],
]);
