import type { Duplex } from 'node:stream';
import type { ConnectionOptions } from '../options/connection-options.ts';
import { mysqlLogin, ownedMysql } from './mysql-login.ts';
import { givenUpAtEnd, type Mysql2Connection } from './mysql2-pool.ts';
import type { CloudSqlOptions } from './orm-options.ts';

/** The options of `mysql2` that this binding sets, because setting them otherwise would bypass the connector. */
export type Mysql2OwnedOption = 'host' | 'port' | 'ssl' | 'stream' | 'socketPath' | 'localAddress' | 'isServer';

/** Options of `mysql2` with the instance in place of the address. */
export type Mysql2CloudSqlOptions<Native = object> = CloudSqlOptions<Native, Mysql2OwnedOption, 'uri'>;

/** What `mysql2` is given. */
export interface Mysql2Config {
  host: string;
  port: number;
  user: string;
  password?: string;
  database?: string;
  connectTimeout: number;
  /** mysql2 calls it once for each connection, with what that is made from. */
  stream: (wanted?: Mysql2Connection) => Duplex;
}

const owned = {
  ...ownedMysql,
  localAddress: 'the connector makes the socket',
  isServer: 'the connector speaks with servers only',
  passwordSha1: 'it is called `password`',
  password1: 'it is called `password`',
};

/** What passes through to mysql2, which prints a warning for each option that it does not know. */
const native = [
  ...['database', 'connectTimeout', 'charset', 'charsetNumber', 'timezone', 'connectAttributes', 'compress', 'flags'],
  ...['authPlugins', 'authSwitchHandler', 'enableCleartextPlugin', 'insecureAuth', 'password2', 'password3'],
  ...['bigNumberStrings', 'supportBigNumbers', 'decimalNumbers', 'dateStrings', 'jsonStrings', 'stringifyObjects'],
  ...['typeCast', 'rowsAsArray', 'nestTables', 'namedPlaceholders', 'queryFormat', 'multipleStatements'],
  ...['maxPreparedStatements', 'infileStreamFactory', 'disableEval', 'debug', 'trace', 'gracefulEnd', 'Promise'],
  ...['connectionLimit', 'maxIdle', 'idleTimeout', 'queueLimit', 'waitForConnections', 'resetOnRelease'],
  ...['enableKeepAlive', 'keepAliveInitialDelay'],
];

/**
 * Turns options that name an instance into options for `mysql2` (3.0 and later): a connection, a pool, or anything that
 * makes them. Does no I/O. Everything else in the options reaches mysql2 untouched.
 *
 * @example
 * const pool = mysql.createPool(mysql2Options({ instance: 'my-project:europe-west1:orders', database: 'orders' }));
 * @throws ConfigError
 */
export function mysql2Options<Options extends object>(
  options: string | (Mysql2CloudSqlOptions & Options),
): Mysql2Config & Omit<Options, keyof Mysql2Config | keyof ConnectionOptions | 'connector' | 'uri'>;
export function mysql2Options(given: string | Record<string, unknown>): Mysql2Config {
  const { connection, config, socket } = mysqlLogin(given, { driver: 'mysql2', urlOption: 'uri', owned, native });
  return {
    ...config,
    // Dialled at once: mysql2 believes that a socket it is given is connected.
    stream: (wanted) =>
      givenUpAtEnd(wanted, () =>
        socket({
          onLogin({ secret }) {
            // Read when the server's greeting has come. Under IAM there is none, and the token goes its own way.
            if (typeof connection.password === 'function' && wanted?.config) wanted.config.password = secret;
          },
        }).connect(),
      ),
  };
}
