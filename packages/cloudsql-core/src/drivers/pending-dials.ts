import type { Duplex } from 'node:stream';
import { cloudSqlError } from '../errors.ts';

/**
 * The sockets that a pool is still dialling. Pools wait for them when they are closed; who hears of that gives them up.
 */
export class PendingDials {
  readonly #sockets: Set<Duplex> = new Set();
  /** How many ends of pools are under way. */
  #closing = 0;

  readonly #remember = <Socket extends Duplex>(socket: Socket): Socket => {
    const forget = (): unknown => this.#sockets.delete(socket);
    this.#sockets.add(socket.once('connect', forget).once('close', forget));
    if (this.#closing > 0) end(socket);
    return socket;
  };

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

  /** Watches the sockets that a driver makes by the option `stream`, if its configuration has that. */
  in<Config extends object>(config: Config): Config {
    const { stream } = config as { stream?: (...given: unknown[]) => Duplex };
    return typeof stream === 'function' ? { ...config, stream: this.watch(stream) } : config;
  }

  /** Ends all dials that are under way, and those that begin before the pool is closed. */
  giveUp(closed: Promise<unknown> = Promise.resolve()): void {
    const done = (): unknown => this.#closing--;
    this.#closing++;
    closed.then(done, done);
    for (const socket of this.#sockets) end(socket);
  }
}

function end(socket: Duplex): void {
  socket.destroy(cloudSqlError('CLOUDSQL_DIAL_ABORTED', 'The pool was closed during the dial'));
}
