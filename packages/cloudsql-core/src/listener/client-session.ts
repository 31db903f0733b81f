import type { Socket } from 'node:net';
import { type Deadline, deadline } from '../deadline.ts';
import { cloudSqlError } from '../errors.ts';
import { type Login, openLogin } from '../login.ts';
import type { Gate } from './gate.ts';
import type { SessionOptions } from './options.ts';
import { endWith } from './relay.ts';

/** Someone who cannot be told anything any more. */
export class ClientGone extends Error {}

/** A client took too long to say who it is. */
export class LoginTimeout extends Error {
  constructor(ms: number) {
    super(`The login took longer than ${ms} ms`);
  }
}

/** One client of the listener, from its first byte to its last, whatever it speaks. */
export abstract class ClientSession {
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
      if (error instanceof ClientGone) this.#server?.destroy();
      else this.refuse(error as Error, this.encodeError(error));
    }
  }

  /** Ends the session at once. */
  end(): void {
    // Where others speak there is no place for a word of ours.
    if (this.#joined) this.client.destroy();
    else if (!this.client.writableEnded) this.client.write(this.encodeClosed());
    this.client.destroySoon();
    this.#server?.destroy();
    this.#end.abort(new ClientGone());
  }

  protected abstract serve(mayCancel: () => boolean): Promise<void>;

  /** An error in the words of the protocol. */
  protected abstract encodeError(error: unknown): Buffer;

  /** That the listener was closed, in the words of the protocol. */
  protected abstract encodeClosed(): Buffer;

  protected get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** From here on the two speak with each other. */
  protected join(): void {
    this.#joined = true;
  }

  protected refuse(failure: Error, message: Buffer): void {
    this.#failure = failure;
    this.#server?.destroy();
    endWith(this.client, message);
  }

  /** How long the client may take to say who it is. */
  protected clientLimit(): Deadline {
    const { startupTimeoutMs } = this.options;
    return deadline(startupTimeoutMs, () => new LoginTimeout(startupTimeoutMs), this.signal);
  }

  /** Dials, within the time of a dial. */
  protected async open(user: string | undefined): Promise<Login> {
    const { connector, connection, engine, withToken } = this.options;
    const login = await openLogin({ connector, connection, engine, user, withToken, signal: this.signal });
    const { socket } = login;
    this.#server = socket;
    socket.on('error', (error) => {
      this.#failure ??= error;
    });
    socket.unref();
    if (this.signal.aborted) {
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
    return deadline(ms, late, this.signal);
  }

  /** Takes the client's place in all limits, until it goes. @throws DialError `CLOUDSQL_TOO_MANY_SESSIONS` */
  protected enterAll(): void {
    const { limits, connection } = this.options;
    for (const limit of limits) {
      const leave = limit.enter();
      if (!leave) {
        const what = `All ${limit.max} connections are in use`;
        throw cloudSqlError('CLOUDSQL_TOO_MANY_SESSIONS', what, { instance: connection.instance });
      }
      this.client.once('close', leave);
    }
  }

  /** Gives the dial up when the client leaves meanwhile. An end is only seen by a stream that is being read. */
  protected watchClient(): () => void {
    const { client } = this;
    const look = (): void => void client.read(0);
    const gone = (): void => void client.destroy();
    client.on('readable', look).on('end', gone);
    look();
    return () => void client.off('readable', look).off('end', gone);
  }
}
