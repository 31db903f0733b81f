import { ConfigError } from '../errors.ts';
import type { DnsName } from '../instance/dns-name.ts';
import { type Instance, parseName } from '../instance/instance.ts';
import { describe, oneOf, optionalString } from './check.ts';

/** A kind of address that an instance can have. */
export type IpType = 'PUBLIC' | 'PRIVATE' | 'PSC';

/** How the database user logs in. */
export type AuthType = 'IAM' | 'IAM_MANUAL' | 'PASSWORD';

const ipTypes = ['PUBLIC', 'PRIVATE', 'PSC'] as const satisfies readonly IpType[];
const authTypes = ['IAM', 'IAM_MANUAL', 'PASSWORD'] as const satisfies readonly AuthType[];

/** Names an instance and how to reach it and log in to it: the same words in every adapter. */
export interface ConnectionOptions {
  /**
   * Instance connection name, `project:region:instance`; of AlloyDB: `projects/P/locations/R/clusters/C/instances/I`. Or
   * a DNS name whose TXT record holds one, and which is watched: see failoverPeriodMs.
   */
  readonly instance: string;
  /**
   * The type of address to dial, or an ordered list: the first type that the instance has. A failed dial never moves
   * to another type. Any letter case.
   * @default 'PUBLIC' for Cloud SQL, 'PRIVATE' for AlloyDB
   */
  readonly ipType?: IpType | Lowercase<IpType> | readonly IpType[] | (string & {});
  /**
   * `'IAM'`: the identity travels in the certificate (AlloyDB: in a message of its own) and no password exists. `'IAM_MANUAL'`: the login token is sent
   * as the password. `'PASSWORD'`: a built-in database user. Any letter case.
   * @default 'IAM', or 'PASSWORD' when the key `password` is present
   */
  readonly authType?: AuthType | Lowercase<AuthType> | (string & {});
  /**
   * The database user.
   * @default under IAM: discovered from the credentials and shortened as the engine demands
   */
  readonly user?: string;
  /**
   * Password of a built-in database user, or a function that returns it for each connection.
   * @default none: IAM logins have no password
   */
  readonly password?: string | (() => string | Promise<string>);
}

/** The names of {@link ConnectionOptions}. */
export const connectionOptionNames = ['instance', 'ipType', 'authType', 'user', 'password'] as const;

/** {@link ConnectionOptions}, checked and with defaults applied. */
export interface ResolvedConnection {
  readonly instance: Instance | DnsName;
  /** Undefined where the default of the service is wanted. */
  readonly ipTypes: readonly IpType[] | undefined;
  readonly authType: AuthType;
  readonly user: string | undefined;
  readonly password: string | (() => string | Promise<string>) | undefined;
}

/**
 * Checks the options that name and describe a connection.
 * @throws ConfigError `CLOUDSQL_MISSING_OPTION`, `CLOUDSQL_INVALID_INSTANCE_NAME`, `CLOUDSQL_INVALID_OPTION`,
 * `CLOUDSQL_CONFLICTING_OPTIONS`
 */
export function resolveConnection(options: ConnectionOptions): ResolvedConnection {
  const instance = parseName(options.instance);
  const authType =
    options.authType === undefined
      ? 'password' in options
        ? 'PASSWORD'
        : 'IAM'
      : oneOf('authType', options.authType, authTypes);
  const user = optionalString('user', options.user);
  checkPassword(options, authType);
  if (authType === 'PASSWORD' && user === undefined) {
    throw new ConfigError('CLOUDSQL_MISSING_OPTION', 'A password login needs the option `user`', {
      remedy: 'Set `user`, or leave `password` out to log in with IAM.',
    });
  }
  return Object.freeze({
    instance,
    ipTypes: resolveIpTypes(options.ipType),
    authType,
    user,
    password: options.password,
  });
}

function checkPassword(options: ConnectionOptions, authType: AuthType): void {
  const { password } = options;
  const present = 'password' in options;
  if (present && authType !== 'PASSWORD') {
    throw new ConfigError(
      'CLOUDSQL_CONFLICTING_OPTIONS',
      `\`authType: '${authType}'\` and \`password\` contradict each other`,
      { remedy: "Remove `password` to log in with IAM, or set `authType: 'PASSWORD'`." },
    );
  }
  if (authType !== 'PASSWORD' || typeof password === 'function') return;
  if (typeof password === 'string' && password !== '') return;
  throw new ConfigError(
    'CLOUDSQL_INVALID_OPTION',
    `The option \`password\` is ${present ? describe(password) : 'not set'}`,
    {
      remedy: present
        ? 'Is the variable that it comes from set? To log in with IAM, leave the key `password` out altogether.'
        : "Set `password`, or leave `authType: 'PASSWORD'` out to log in with IAM.",
    },
  );
}

function resolveIpTypes(value: ConnectionOptions['ipType']): readonly IpType[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) return [oneOf('ipType', value, ipTypes)];
  if (value.length > 0) return value.map((entry) => oneOf('ipType', entry, ipTypes));
  throw new ConfigError('CLOUDSQL_INVALID_OPTION', 'Expected `ipType` to name at least one type, got an empty array');
}
