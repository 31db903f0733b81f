import { bypass, userPlaceholder } from '../login.ts';
import { answerWith } from '../mysql/clear-password.ts';
import { renameUser } from '../mysql/packets.ts';
import { optionalMilliseconds } from '../options/check.ts';
import { type DeferredLogin, deferredLogin, type Protocol } from './deferred-login.ts';
import { type DriverOptions, nativeOf, ownedAddress, readOptions } from './read-options.ts';

const protocol: Protocol = {
  engine: 'MYSQL',
  asksPassword: true,
  wire: (login, { user, authType }) => ({
    firstWrite: (chunk) => (user === undefined ? renameUser(chunk, userPlaceholder, login().user) : chunk),
    incoming: authType === 'IAM_MANUAL' ? answerWith(() => login().secret ?? '') : undefined,
  }),
};

/** What a driver for MySQL is given, but for its way to a socket. */
interface MysqlConfig {
  host: string;
  port: number;
  user: string;
  password?: string;
  connectTimeout: number;
}

/**
 * Reads the options of a driver for MySQL. A password that is a function is asked for each connection, and handed to the
 * socket's `onLogin`.
 * @throws ConfigError
 */
export function mysqlLogin(
  given: string | Record<string, unknown>,
  how: DriverOptions,
): Pick<DeferredLogin, 'connection' | 'socket'> & { readonly config: MysqlConfig } {
  const { options, connection, connector } = readOptions(given, { url: mysqlUrl, ...how });
  const driverTimeoutMs = optionalMilliseconds('connectTimeout', options.connectTimeout, 0);
  const login = deferredLogin(protocol, { connection, connector, driverTimeoutMs });
  const { password } = login.connection;
  const config = {
    ...nativeOf(options, how.native),
    ...bypass,
    user: login.user,
    ...(typeof password === 'string' ? { password } : {}),
    connectTimeout: login.timeoutMs,
  };
  return { connection: login.connection, socket: login.socket, config };
}

/** What no driver for MySQL may be told, and why. */
export const ownedMysql: Readonly<Record<string, string>> = {
  ...ownedAddress,
  socketPath: ownedAddress.host,
  stream: 'the connector makes the socket',
};

/** The URL form for MySQL. */
const mysqlUrl = {
  schemes: ['mysql', 'mariadb'],
  parameters: ['charset', 'timezone'],
} as const;
