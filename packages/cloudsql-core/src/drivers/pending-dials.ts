import type { Duplex } from 'node:stream';
import { cloudSqlError } from '../errors.ts';

/** A dial that can be given up: its socket, or what has its signal. */
interface Dial {
  destroy(error: Error): unknown;
}

/** Makes the socket of one connection for tedious, whose signal ends the dial. */
type TediousConnector = (to: unknown, lookup: unknown, signal?: AbortSignal) => Promise<unknown>;

/**
 * The sockets that a pool is still dialling. Pools wait for them when they are closed; who hears of that gives them up.
 */
export class PendingDials {
  readonly #sockets: Set<Dial> = new Set();
  /** How many ends of pools are under way. */
  #closing = 0;

  readonly #remember = <Socket extends Duplex>(socket: Socket): Socket => {
    const forget = (): unknown => this.#sockets.delete(socket);
    this.#sockets.add(socket.once('connect', forget).once('close', forget));
    if (this.#closing > 0) end(socket);
    return socket;
  };

  /** How many are under way. */
  get size(): number {
    return this.#sockets.size;
  }

  /** Remembers what `make` makes until it is connected or closed. */
  watch<Given extends unknown[], Socket extends Duplex>(
    make: (...given: Given) => Socket,
  ): (...given: Given) => Socket {
    const remember = this.#remember;
    // mariadb calls it as a method.
    return function (this: unknown, ...given) {
      return remember(make.apply(this, given));
    };
  }

  /** Watches the sockets that a driver makes by the option `stream`, or tedious by its own, if its configuration has that. */
  in<Config extends object>(config: Config): Config {
    const { stream, options } = config as {
      stream?: (...given: unknown[]) => Duplex;
      options?: { connector?: TediousConnector };
    };
    if (typeof stream === 'function') return { ...config, stream: this.watch(stream) };
    if (typeof options?.connector !== 'function') return config;
    return { ...config, options: { ...options, connector: this.#watchTedious(options.connector) } };
  }

  #watchTedious(connector: TediousConnector): TediousConnector {
    return (to, lookup, signal) => {
      const controller = new AbortController();
      const dial: Dial = { destroy: (error) => controller.abort(error) };
      this.#sockets.add(dial);
      if (this.#closing > 0) end(dial);
      const signals = [controller.signal, ...(signal ? [signal] : [])];
      return connector(to, lookup, AbortSignal.any(signals)).finally(() => this.#sockets.delete(dial));
    };
  }

  /** Lets the method by which a pool, or who owns one, is ended give up these dials. */
  giveUpAt<Owner extends object>(owner: Owner, method: keyof Owner & string): Owner {
    const end = owner[method] as (...given: unknown[]) => Promise<unknown>;
    const ending = (...given: unknown[]): Promise<unknown> => {
      const ended = end.apply(owner, given);
      this.giveUp(ended);
      return ended;
    };
    return Object.assign(owner, { [method]: ending });
  }

  /** Ends all dials that are under way, and those that begin before the pool is closed. */
  giveUp(closed: Promise<unknown> = Promise.resolve()): void {
    const done = (): unknown => this.#closing--;
    this.#closing++;
    closed.then(done, done);
    for (const socket of this.#sockets) end(socket);
  }
}

function end(socket: Dial): void {
  socket.destroy(cloudSqlError('CLOUDSQL_DIAL_ABORTED', 'The pool was closed during the dial'));
}
