import { userPlaceholder } from '../login.ts';
import { answerWith } from '../mysql/clear-password.ts';
import { renameUser } from '../mysql/packets.ts';
import { type DeferredLogin, type DeferredLoginOptions, deferredLogin, type Protocol } from './deferred-login.ts';
import { ownedAddress } from './read-options.ts';

const protocol: Protocol = {
  engine: 'MYSQL',
  asksPassword: true,
  wire: (login, { user, authType }) => ({
    firstWrite: (chunk) => (user === undefined ? renameUser(chunk, userPlaceholder, login().user) : chunk),
    incoming: authType === 'IAM_MANUAL' ? answerWith(() => login().secret ?? '') : undefined,
  }),
};

/** What a driver for MySQL logs in with; a password that is not known yet is handed to `onLogin`. @throws ConfigError */
export function mysqlLogin(options: DeferredLoginOptions): DeferredLogin & { readonly password: string | undefined } {
  const login = deferredLogin(protocol, options);
  const { password } = login.connection;
  return { ...login, password: typeof password === 'string' ? password : undefined };
}

/** What no driver for MySQL may be told, and why. */
export const ownedMysql: Readonly<Record<string, string>> = {
  ...ownedAddress,
  socketPath: ownedAddress.host,
  stream: 'the connector makes the socket',
};

/** The URL form for MySQL. */
export const mysqlUrl = {
  schemes: ['mysql', 'mariadb'],
  parameters: ['charset', 'timezone'],
} as const;
