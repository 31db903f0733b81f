import type { Duplex } from 'node:stream';
import { PendingDials } from './pending-dials.ts';

/** What is called of a pool of mysql2's. */
interface Pool {
  end(done?: (error?: Error | null) => void): void;
}

/** What mysql2 tells when it wants a socket: the configuration of the connection, in which its pool has put itself. */
export interface Mysql2Connection {
  readonly config?: { password?: string | undefined; readonly pool?: Pool };
}

const dialsByPool = new WeakMap<Pool, PendingDials>();

/**
 * Makes the end of the pool that wants this socket, if one does, give up its dials first: mysql2 waits for them, up to
 * their limit, and tells nobody that it was ended.
 */
export function givenUpAtEnd(wanted: Mysql2Connection | undefined, make: () => Duplex): Duplex {
  const pool = wanted?.config?.pool;
  if (!pool) return make();
  const dials = dialsByPool.get(pool) ?? watchEnd(pool);
  return dials.watch(make)();
}

function watchEnd(pool: Pool): PendingDials {
  const dials = new PendingDials();
  const end = pool.end;
  pool.end = (done) => {
    if (dials.size === 0) return end.call(pool, done);
    // Their callers have to hear first, for what fails after the end would be the end's own error.
    const ended = new Promise<void>((resolve) => {
      setImmediate(() => {
        end.call(pool, done);
        resolve();
      });
    });
    dials.giveUp(ended);
  };
  dialsByPool.set(pool, dials);
  return dials;
}
