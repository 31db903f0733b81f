import { passwordPlaceholder, userPlaceholder } from '../login.ts';
import { isCancelRequest, renameUser } from '../postgres/startup-message.ts';
import {
  type DeferredLogin,
  type DeferredLoginOptions,
  deferredLogin,
  type Protocol,
  type SocketOptions,
} from './deferred-login.ts';

const protocol: Protocol = {
  engine: 'POSTGRES',
  asksPassword: false,
  wire(login, { user }) {
    let cancels = false;
    return {
      firstWrite(chunk) {
        cancels = isCancelRequest(chunk);
        return user === undefined ? renameUser(chunk, userPlaceholder, login().user) : chunk;
      },
      wantsAnswer: () => !cancels,
    };
  },
};

/** What a driver for PostgreSQL logs in with. @throws ConfigError */
export function postgresLogin(
  options: DeferredLoginOptions,
): DeferredLogin & { readonly password: string | (() => string | Promise<string>) } {
  const login = deferredLogin(protocol, options);
  const { password, authType } = login.connection;
  let token = '';
  const onLogin: SocketOptions['onLogin'] = ({ secret = '' }) => {
    token = secret;
  };
  return {
    ...login,
    password: password ?? (authType === 'IAM_MANUAL' ? () => token : () => passwordPlaceholder),
    socket: (how) => login.socket({ onLogin, ...how }),
  };
}
