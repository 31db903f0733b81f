import { CloudSqlError, type DriverError } from '@x/cloudsql-core';

/** What Prisma calls errors of the network, by Node's code; of these it says P1001, P1017 and P1008. */
const kinds: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'DatabaseNotReachable',
  ENOTFOUND: 'DatabaseNotReachable',
  ECONNRESET: 'ConnectionClosed',
  ETIMEDOUT: 'SocketTimeout',
};

/** The part of Prisma's adapters that turns a driver's error into Prisma's, and throws that. */
interface ErrorHandling {
  onError(error: unknown): never;
}

/** An error of ours, as drivers receive it. */
type Refusal = DriverError & { readonly address?: string; readonly port?: number };

/** What mariadb says when its pool has waited in vain, and what it says then of the connections that failed. */
interface PoolTimeout {
  readonly errno?: number;
  readonly cause?: unknown;
}
const poolTimeout = 45028;

/**
 * Lets an adapter tell what is wrong when it cannot connect. Prisma's own keep of a failed dial only the address, and the
 * one for mariadb tells only that the pool has waited: our message and code become `originalMessage` and `originalCode`.
 */
export function tellDialErrors<Adapter extends object>(adapter: Adapter): Adapter {
  const { onError } = adapter as ErrorHandling;
  return Object.assign(adapter, {
    onError(error: PoolTimeout): never {
      const failure = (error.errno === poolTimeout && error.cause) || error;
      if (!(failure instanceof CloudSqlError)) return onError.call(adapter, failure);
      const { code, reason, message, address: host, port } = failure as Error as Refusal;
      const kind = kinds[code];
      if (!kind) throw failure;
      const cause = { kind, host, port, originalCode: reason, originalMessage: message };
      // What Prisma knows its adapters' errors by.
      throw Object.assign(new Error(message), { name: 'DriverAdapterError', cause });
    },
  });
}
