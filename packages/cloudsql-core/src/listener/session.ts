import type { Socket } from 'node:net';
import type { Engine } from '../credentials/database-user.ts';
import { type Deadline, deadline } from '../deadline.ts';
import { cloudSqlError, isError } from '../errors.ts';
import { type Login, openLogin, serverClosed } from '../login.ts';
import { announceClient, skipAnswer } from './client-protocol.ts';
import type { Gate } from './gate.ts';
import type { SessionOptions } from './options.ts';
import { readExactly } from './packet-reader.ts';
import { relay } from './relay.ts';

/** Someone who cannot be told anything any more. */
class ClientGone extends Error {}

/** A client that did not say in time who it is. */
export class LoginTimeout extends Error {
  constructor(ms: number) {
    super(`The login took longer than ${ms} ms`);
  }
}

/** One client of the listener, from its first byte to its last; how it is spoken to depends on the engine. */
export abstract class Session {
  /** What the client speaks. */
  protected abstract readonly engine: Engine;
  protected readonly client: Socket;
  protected readonly options: SessionOptions;
  protected readonly gate: Gate;
  readonly #end = new AbortController();
  #server: Socket | undefined;
  #joined = false;
  #failure: Error | undefined;

  constructor(client: Socket, options: SessionOptions, gate: Gate) {
    this.client = client;
    this.options = options;
    this.gate = gate;
    client.on('error', () => {});
    client.once('close', () => this.#end.abort(new ClientGone()));
  }

  /** Whether client and server speak with each other, so that nothing may be said in between. */
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
      await this.serve(mayCancel);
    } catch (error) {
      this.#server?.destroy();
      if (error instanceof ClientGone) return;
      this.fail(isError(error) ? error : new Error(String(error)));
    }
  }

  /** Ends the session at once. */
  end(): void {
    // Where others speak there is no place for a word of ours.
    if (this.#joined) this.client.destroy();
    else if (!this.client.writableEnded) this.sayClosed();
    this.client.destroySoon();
    this.#server?.destroy();
    this.#end.abort(new ClientGone());
  }

  /** Does what {@link run} says. */
  protected abstract serve(mayCancel: () => boolean): Promise<void>;

  /** Tells a client that has not been joined yet what went wrong, as it understands it, and hangs up. */
  protected abstract refuse(error: Error): void;

  /** Tells it that the listener was closed. */
  protected abstract sayClosed(): void;

  /** Refuses the client, and remembers why. */
  protected fail(error: Error): void {
    this.#failure = error;
    this.refuse(error);
  }

  /** Does what the client has to do before anything is dialled, within its time. */
  protected async inTime<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { startupTimeoutMs } = this.options;
    const limit = deadline(startupTimeoutMs, () => new LoginTimeout(startupTimeoutMs), this.#end.signal);
    try {
      return await work(limit.signal);
    } finally {
      limit.clear();
    }
  }

  /**
   * Dials for a client that wants to log in, sends the server `first`, which may depend on who logs in, and joins the
   * two when `agree` has dealt with the beginning of the answer. It returns false if it has refused the client.
   */
  protected async logIn(
    user: string | undefined,
    first: (login: Login) => Buffer,
    agree: (login: Login, signal: AbortSignal) => Promise<boolean | 'CLOSED'>,
  ): Promise<void> {
    const unwatch = this.#watchClient();
    let limit: Deadline | undefined;
    try {
      enterAll(this.options, this.client);
      const login = await this.open(user);
      const { socket: server } = login;
      limit = this.serverLimit();
      const announced = announceClient(server, this.options.clientProtocol);
      server.write(first(login));
      if (announced) await skipAnswer(server, this.options.connection.instance, limit.signal);
      const agreed = await agree(login, limit.signal);
      if (agreed === 'CLOSED') throw serverClosed(this.options.connector, this.options.connection);
      if (!agreed) return void server.destroy();
      unwatch();
      this.#joined = true;
      relay(this.client, server);
    } finally {
      unwatch();
      limit?.clear();
    }
  }

  /** Dials, within the time of a dial. */
  protected async open(user: string | undefined): Promise<Login> {
    const { connector, connection, withToken } = this.options;
    const { signal } = this.#end;
    const login = await openLogin({ connector, connection, engine: this.engine, user, withToken, signal });
    const { socket } = login;
    this.#server = socket;
    socket.on('error', (error) => {
      this.#failure ??= error;
    });
    socket.unref();
    if (signal.aborted) {
      socket.destroy();
      throw new ClientGone();
    }
    return login;
  }

  /** The server has as long to answer as a dial may take. */
  protected serverLimit(): Deadline {
    const { connector, connection } = this.options;
    const ms = connector.dialTimeoutMs;
    const late = (): Error => {
      const what = `Waited ${ms} ms for the server to answer the login`;
      return cloudSqlError('CLOUDSQL_DIAL_TIMEOUT', what, { instance: connection.instance });
    };
    return deadline(ms, late, this.#end.signal);
  }

  /** Gives the dial up when the client leaves meanwhile. An end is only seen by a stream that is being read. */
  #watchClient(): () => void {
    const { client } = this;
    const look = (): void => void client.read(0);
    const gone = (): void => void client.destroy();
    client.on('readable', look).on('end', gone);
    look();
    return () => void client.off('readable', look).off('end', gone);
  }
}

/** Waits for the server's first word and leaves it in the stream. */
export async function firstByte(server: Socket, signal: AbortSignal): Promise<true | 'CLOSED'> {
  const byte = await readExactly(server, 1, signal);
  if (!byte) return 'CLOSED';
  server.unshift(byte);
  return true;
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
