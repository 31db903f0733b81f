import type { Duplex } from 'node:stream';
import type { ConnectionOptions } from '../options/connection-options.ts';
import { mysqlLogin, ownedMysql } from './mysql-login.ts';
import type { CloudSqlOptions } from './orm-options.ts';

/** The options of `mariadb` that this binding sets, because setting them otherwise would bypass the connector. */
export type MariadbOwnedOption = 'host' | 'port' | 'ssl' | 'stream' | 'socketPath' | 'permitRedirect';

/** Options of `mariadb` with the instance in place of the address. */
export type MariadbCloudSqlOptions<Native = object> = CloudSqlOptions<Native, MariadbOwnedOption, 'url'>;

/** What mariadb knows of a connection that it is making. */
interface MariadbConnection {
  password?: string | undefined;
  connectTimeout?: number;
}

/** What `mariadb` is given. */
export interface MariadbConfig {
  host: string;
  port: number;
  user: string;
  password?: string;
  database?: string;
  connectTimeout: number;
  permitRedirect: false;
  /** mariadb calls it once for each connection, as a method of what that is made from. */
  stream: (callback?: unknown) => Duplex;
}

const owned = {
  ...ownedMysql,
  permitRedirect: 'a redirection leads past the connector',
};

/** What passes through to mariadb. */
const native = [
  ...['database', 'connectTimeout', 'charset', 'collation', 'timezone', 'connectAttributes', 'compress', 'foundRows'],
  ...['acquireTimeout', 'connectionLimit', 'idleTimeout', 'initializationTimeout', 'minDelayValidation', 'minimumIdle'],
  ...['resetAfterUse', 'noControlAfterUse', 'leakDetectionTimeout', 'pingTimeout', 'initSql', 'sessionVariables'],
  ...['socketTimeout', 'queryTimeout', 'keepAliveDelay', 'maxAllowedPacket', 'maxAllowedColumns', 'logPackets'],
  ...['logger', 'debug', 'debugCompress', 'debugLen', 'logParam', 'trace', 'multipleStatements', 'permitLocalInfile'],
  ...['rsaPublicKey', 'cachingRsaPublicKey', 'allowPublicKeyRetrieval', 'restrictedAuth', 'forceVersionCheck'],
  ...['prepareCacheLength', 'pipelining', 'bulk', 'typeCast', 'rowsAsArray', 'metaAsArray', 'metaEnumerable'],
  ...['nestTables', 'namedPlaceholders', 'permitSetMultiParamEntries', 'arrayParenthesis', 'checkDuplicate'],
  ...['insertIdAsNumber', 'decimalAsNumber', 'bigIntAsNumber', 'supportBigNumbers', 'bigNumberStrings', 'dateStrings'],
  ...[
    'checkNumberRange',
    'autoJsonMap',
    'jsonStrings',
    'infileStreamFactory',
    'fullResult',
    'keepEof',
    'stringifyObjects',
  ],
];

/**
 * Turns options that name an instance into options for `mariadb` (3.0 and later): a connection, a pool, or anything that
 * makes them. Does no I/O. Everything else in the options reaches mariadb untouched.
 *
 * @example
 * const pool = mariadb.createPool(mariadbOptions({ instance: 'my-project:europe-west1:orders', database: 'orders' }));
 * @throws ConfigError
 */
export function mariadbOptions<Options extends object>(
  options: string | (MariadbCloudSqlOptions & Options),
): MariadbConfig & Omit<Options, keyof MariadbConfig | keyof ConnectionOptions | 'connector' | 'url'>;
export function mariadbOptions(given: string | Record<string, unknown>): MariadbConfig {
  const { connection, config, socket } = mysqlLogin(given, { driver: 'mariadb', urlOption: 'url', owned, native });
  const timeoutMs = config.connectTimeout;
  return {
    ...config,
    permitRedirect: false,
    // Returned, not handed to the callback: without a socket in it mariadb would dial by itself, in clear text, and after
    // its own limit the callback breaks.
    stream(this: MariadbConnection) {
      const { connectTimeout = timeoutMs } = this;
      const made = socket({
        // A pool shortens it to what is left of its `acquireTimeout`.
        driverTimeoutMs: connectTimeout < timeoutMs ? connectTimeout : undefined,
        onLogin: ({ secret }) => {
          if (typeof connection.password === 'function') this.password = secret;
        },
      });
      // mariadb does not listen for `close`, and would wait for ever for what it asked of a socket that was retired.
      return made.once('close', () => made.emit('end')).connect();
    },
  };
}
