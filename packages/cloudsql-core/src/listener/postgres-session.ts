import { CloudSqlError, errorCatalogue } from '../errors.ts';
import { type Login, userPlaceholder } from '../login.ts';
import { encodeFatal, type FatalError, sqlState } from '../postgres/messages.ts';
import { encodeStartup, replaceUser, type StartupParameters } from '../postgres/startup-message.ts';
import { readExactly } from './packet-reader.ts';
import { endWith } from './relay.ts';
import { logIn } from './server-login.ts';
import { firstByte, LoginTimeout, Session } from './session.ts';
import { readStartup, type Startup } from './startup.ts';

/** What PostgreSQL says for itself, with its own code. */
class Refusal extends Error {
  readonly fatal: FatalError;

  constructor(fatal: FatalError) {
    super(fatal.message);
    this.fatal = fatal;
  }
}

const closed: FatalError = { code: sqlState.adminShutdown, message: 'The listener was closed' };

/** A client that speaks PostgreSQL. */
export class PostgresSession extends Session {
  protected override readonly engine = 'POSTGRES';

  protected override async serve(mayCancel: () => boolean): Promise<void> {
    const { client } = this;
    const startup = await this.inTime((signal) => this.#receive(signal));
    if (startup.wants === 'LOGIN') return this.#logIn(startup);
    if (startup.wants === 'NOTHING') {
      if (startup.problem) this.#tell({ code: sqlState.protocolViolation, message: startup.problem });
      else client.destroy();
      return;
    }
    if (mayCancel()) await this.#cancel(startup.packet);
    endWith(client, Buffer.alloc(0));
  }

  protected override refuse(error: Error): void {
    this.#tell(fatalError(error));
  }

  protected override sayClosed(): void {
    this.client.write(encodeFatal(closed));
  }

  /** Reads what the client wants and, if it wants to log in, whether it may. */
  async #receive(signal: AbortSignal): Promise<Startup> {
    const startup = await readStartup(this.client, signal);
    const problem = startup.wants === 'LOGIN' ? await this.gate.admit(this.client, signal) : undefined;
    if (problem === undefined) return startup;
    throw new Refusal({ code: sqlState.invalidPassword, message: problem });
  }

  #logIn({ version, parameters }: Startup & { wants: 'LOGIN' }): Promise<void> {
    const { user: configured, iam } = this.options;
    const given = parameters.find(([name]) => name === 'user')?.[1] ?? '';
    const isUnknown = given === '' || given === userPlaceholder;
    const known = isUnknown ? (configured ?? (iam ? undefined : given)) : given;
    const first = ({ user }: Login): Buffer =>
      encodeStartup(version, isUnknown ? replaceUser(withUser(parameters), given, user) : parameters);
    return this.logIn(known, first, (login, signal) => this.#agree(login, signal));
  }

  async #agree({ socket: server, user, secret: token }: Login, signal: AbortSignal): Promise<boolean | 'CLOSED'> {
    const { password } = this.options;
    if (!this.gate.asks && password === undefined && token === undefined) return firstByte(server, signal);
    const secret = async (): Promise<string | undefined> =>
      token ?? (typeof password === 'function' ? await password() : password);
    const outcome = await logIn({ server, client: this.client, user, password: secret, signal });
    if (outcome.outcome === 'CLOSED') return 'CLOSED';
    if (outcome.outcome === 'FAILED') this.fail(new Refusal(outcome.error));
    return outcome.outcome !== 'FAILED';
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

  #tell(error: FatalError): void {
    endWith(this.client, encodeFatal(error));
  }
}

/** A name must be there to be replaced. */
function withUser(parameters: StartupParameters): StartupParameters {
  return parameters.some(([name]) => name === 'user') ? parameters : [['user', ''], ...parameters];
}

/** Our errors in the words of PostgreSQL: what failed, the code, and what to do. */
function fatalError(error: Error): FatalError {
  if (error instanceof Refusal) return error.fatal;
  if (error instanceof LoginTimeout) return { code: sqlState.invalidAuthorization, message: error.message };
  const { message } = error;
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
