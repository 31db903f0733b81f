import type { Socket } from 'node:net';
import { type Deadline, deadline } from '../deadline.ts';
import { CloudSqlError, cloudSqlError, errorCatalogue } from '../errors.ts';
import { type Login, openLogin, serverClosed, userPlaceholder } from '../postgres/login.ts';
import { encodeFatal, type FatalError, sqlState } from '../postgres/messages.ts';
import { encodeStartup, replaceUser, type StartupParameters } from '../postgres/startup-message.ts';
import { announceClient, skipAnswer } from './client-protocol.ts';
import type { Gate } from './gate.ts';
import type { SessionOptions } from './options.ts';
import { readExactly } from './packet-reader.ts';
import { endWith, relay } from './relay.ts';
import { logIn } from './server-login.ts';
import { readStartup, type Startup } from './startup.ts';

const closed: FatalError = { code: sqlState.adminShutdown, message: 'The listener was closed' };

/** Someone who cannot be told anything any more. */
class ClientGone extends Error {}

/** One client of the listener, from its first byte to its last. */
export class Session {
  readonly #client: Socket;
  readonly #options: SessionOptions;
  readonly #gate: Gate;
  readonly #end = new AbortController();
  #server: Socket | undefined;
  /** Whether client and server speak with each other, so that nothing may be said in between. */
  #joined = false;
  #failure: Error | undefined;

  constructor(client: Socket, options: SessionOptions, gate: Gate) {
    this.#client = client;
    this.#options = options;
    this.#gate = gate;
    client.on('error', () => {});
    client.once('close', () => this.#end.abort(new ClientGone()));
  }

  /** Whether the client has been let in by the server, or is about to be told that it has not. */
  get joined(): boolean {
    return this.#joined;
  }

  /** Why the client was refused, or what broke its session. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /**
   * Serves the client until it has been joined with the server, or refused.
   * `mayCancel` says whether there is anything to be cancelled.
   */
  async run(mayCancel: () => boolean): Promise<void> {
    try {
      const startup = await this.#receive();
      if (startup === 'REFUSED') return;
      if (startup.wants === 'NOTHING') {
        if (startup.problem) this.#refuse({ code: sqlState.protocolViolation, message: startup.problem });
        else this.#client.destroy();
        return;
      }
      if (startup.wants === 'CANCEL') {
        if (mayCancel()) await this.#cancel(startup.packet);
        endWith(this.#client, Buffer.alloc(0));
        return;
      }
      await this.#logIn(startup);
    } catch (error) {
      if (error instanceof ClientGone) return;
      this.#failure = error as Error;
      this.#refuse(fatalError(error));
    }
  }

  /** Ends the session at once. */
  end(): void {
    // Where others speak there is no place for a word of ours.
    if (this.#joined) this.#client.destroy();
    else if (!this.#client.writableEnded) this.#client.write(encodeFatal(closed));
    this.#client.destroySoon();
    this.#server?.destroy();
    this.#end.abort(new ClientGone());
  }

  /** Reads what the client wants and, if it wants to log in, whether it may. */
  async #receive(): Promise<Startup | 'REFUSED'> {
    const { startupTimeoutMs } = this.#options;
    const limit = deadline(startupTimeoutMs, () => new LoginTimeout(startupTimeoutMs), this.#end.signal);
    try {
      const startup = await readStartup(this.#client, limit.signal);
      const problem = startup.wants === 'LOGIN' ? await this.#gate.admit(this.#client, limit.signal) : undefined;
      if (problem === undefined) return startup;
      this.#failure = new Error(problem);
      this.#refuse({ code: sqlState.invalidPassword, message: problem });
      return 'REFUSED';
    } finally {
      limit.clear();
    }
  }

  async #logIn({ version, parameters }: Startup & { wants: 'LOGIN' }): Promise<void> {
    const { user: configured, iam, password } = this.#options;
    const given = parameters.find(([name]) => name === 'user')?.[1] ?? '';
    const isUnknown = given === '' || given === userPlaceholder;
    const unwatch = this.#watchClient();
    let limit: Deadline | undefined;
    try {
      enterAll(this.#options, this.#client);
      const known = isUnknown ? (configured ?? (iam ? undefined : given)) : given;
      const login = await this.#open(known);
      limit = this.#serverLimit();
      const renamed = isUnknown ? replaceUser(withUser(parameters), given, login.user) : parameters;
      const { socket: server, user, token } = login;
      const announced = announceClient(server, this.#options.clientProtocol);
      server.write(encodeStartup(version, renamed));
      if (announced) await skipAnswer(server, this.#options.connection.instance, limit.signal);
      const answers = this.#gate.asks || password !== undefined || token !== undefined;
      const secret = async (): Promise<string | undefined> =>
        token ?? (typeof password === 'function' ? await password() : password);
      const outcome = answers
        ? await logIn({ server, client: this.#client, user, password: secret, signal: limit.signal })
        : await firstByte(server, limit.signal);
      if (outcome.outcome === 'CLOSED') {
        const { connector, connection } = this.#options;
        throw serverClosed(connector, connection);
      }
      if (outcome.outcome === 'FAILED') {
        server.destroy();
        this.#failure = new Error(outcome.error.message);
        return this.#refuse(outcome.error);
      }
      unwatch();
      this.#joined = true;
      relay(this.#client, server);
    } catch (error) {
      this.#server?.destroy();
      throw error;
    } finally {
      unwatch();
      limit?.clear();
    }
  }

  /** Passes a CancelRequest on. The server answers by hanging up. */
  async #cancel(packet: Buffer): Promise<void> {
    const { socket } = await this.#open('');
    const limit = this.#serverLimit();
    try {
      socket.end(packet);
      await readExactly(socket, 1, limit.signal);
    } finally {
      limit.clear();
      socket.destroy();
    }
  }

  /** Dials, within the time of a dial. */
  async #open(user: string | undefined): Promise<Login> {
    const { connector, connection, withToken } = this.#options;
    const login = await openLogin({ connector, connection, user, withToken, signal: this.#end.signal });
    const { socket } = login;
    this.#server = socket;
    socket.on('error', (error) => {
      this.#failure ??= error;
    });
    socket.unref();
    if (this.#end.signal.aborted) {
      socket.destroy();
      throw new ClientGone();
    }
    return login;
  }

  /** The server has as long to answer as a dial may take. */
  #serverLimit(): Deadline {
    const { connector, connection } = this.#options;
    const ms = connector.dialTimeoutMs;
    const late = (): Error => {
      const what = `Waited ${ms} ms for the server to answer the login`;
      return cloudSqlError('CLOUDSQL_DIAL_TIMEOUT', what, { instance: connection.instance });
    };
    return deadline(ms, late, this.#end.signal);
  }

  /** Gives the dial up when the client leaves meanwhile. An end is only seen by a stream that is being read. */
  #watchClient(): () => void {
    const client = this.#client;
    const look = (): void => void client.read(0);
    const gone = (): void => void client.destroy();
    client.on('readable', look).on('end', gone);
    look();
    return () => void client.off('readable', look).off('end', gone);
  }

  #refuse(error: FatalError): void {
    endWith(this.#client, encodeFatal(error));
  }
}

/** Takes the client's place in all limits, until it goes. @throws DialError `CLOUDSQL_TOO_MANY_SESSIONS` */
function enterAll({ limits, connection }: SessionOptions, client: Socket): void {
  for (const limit of limits) {
    const leave = limit.enter();
    if (!leave) {
      const what = `All ${limit.max} connections are in use`;
      throw cloudSqlError('CLOUDSQL_TOO_MANY_SESSIONS', what, { instance: connection.instance });
    }
    client.once('close', leave);
  }
}

class LoginTimeout extends Error {
  constructor(ms: number) {
    super(`The login took longer than ${ms} ms`);
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
