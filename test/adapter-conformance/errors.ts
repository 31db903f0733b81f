import { expect } from 'vitest';

/** What the users of an ORM find in its errors. Each is matched with `toMatchObject`. */
export interface KnownErrors {
  /** Nobody listens at the address. */
  readonly refused: object;
  /** The dial took longer than it may. */
  readonly late: object;
  /** The database refuses the user. */
  readonly denied: object;
  /** The database ended the session in the middle of a query. */
  readonly killed: object;
}

const waited: unknown = expect.stringMatching(/Waited 400 ms for 127\..* to answer \(instance /);

/** What the library makes of a dial that fails, with Node's own fields, because drivers and ORMs look at them. */
const dialErrors = {
  refused: {
    name: 'DialError',
    code: 'ECONNREFUSED',
    syscall: 'connect',
    reason: 'CLOUDSQL_DIAL_FAILED',
    message: expect.stringMatching(/^No connection to 127\..* Check that this machine can reach the address on port /),
  },
  late: { name: 'DialError', code: 'CLOUDSQL_DIAL_TIMEOUT', message: waited },
};

/** What pg throws. */
export const pgErrors: KnownErrors = {
  ...dialErrors,
  denied: { code: '28P01', message: 'password authentication failed for user "somebody@demo-shop.iam"' },
  killed: { code: '57P01', message: 'terminating connection due to administrator command' },
};

/** What Knex makes of it: it puts the query before the message. */
export const knexPgErrors: KnownErrors = {
  ...pgErrors,
  killed: { ...pgErrors.killed, message: expect.stringMatching(/^select pg_sleep\(20\) - terminating connection/) },
};

/** What postgres.js throws: it does not read what the server says when it ends a session. */
export const postgresJsErrors: KnownErrors = { ...pgErrors, killed: { code: 'CONNECTION_CLOSED' } };

/** What mysql2 throws. */
export const mysql2Errors: KnownErrors = {
  ...dialErrors,
  denied: { code: 'ER_ACCESS_DENIED_ERROR', message: expect.stringContaining('Access denied') },
  killed: { code: 'PROTOCOL_CONNECTION_LOST' },
};

/** What Prisma makes of them: its own codes, with what the library says inside. */
const prismaDialErrors = {
  refused: {
    code: 'P1001',
    message: expect.stringMatching(/Can't reach database server at 127\./),
    meta: {
      driverAdapterError: {
        cause: { originalCode: dialErrors.refused.reason, originalMessage: dialErrors.refused.message },
      },
    },
  },
  late: { code: dialErrors.late.code, message: waited },
};
export const prismaPgErrors: KnownErrors = {
  ...prismaDialErrors,
  denied: { code: 'P1000', message: expect.stringContaining('somebody@demo-shop.iam') },
  killed: { code: 'P2010', meta: { driverAdapterError: { cause: { ...pgErrors.killed, kind: 'postgres' } } } },
};
export const prismaMariadbErrors: KnownErrors = {
  ...prismaDialErrors,
  denied: { code: 'P1000', meta: { driverAdapterError: { cause: { originalCode: '1045' } } } },
  killed: { code: 'P2010', meta: { driverAdapterError: { cause: { kind: 'mysql', originalCode: '45009' } } } },
};

/** What TypeORM makes of a driver's errors: `initialize` makes the first connection, and throws what the driver does. */
export function typeormErrors(errors: KnownErrors): KnownErrors {
  return { ...errors, killed: { name: 'QueryFailedError', driverError: errors.killed } };
}

/** What Sequelize makes of a driver's errors. */
export function sequelizeErrors(errors: KnownErrors, denied = 'SequelizeConnectionError'): KnownErrors {
  return {
    refused: { name: 'SequelizeConnectionRefusedError', parent: errors.refused },
    late: { name: 'SequelizeConnectionError', parent: errors.late },
    denied: { name: denied, parent: errors.denied },
    killed: { name: 'SequelizeDatabaseError', parent: errors.killed },
  };
}

/** What Drizzle makes of a driver's errors. */
export function drizzleErrors(errors: KnownErrors): KnownErrors {
  const failed = (cause: object): object => ({ message: expect.stringMatching(/^Failed query: select /), cause });
  return {
    refused: failed(errors.refused),
    late: failed(errors.late),
    denied: failed(errors.denied),
    killed: failed(errors.killed),
  };
}
