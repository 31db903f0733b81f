import { ConfigError } from '../errors.ts';
import { noIamLogin } from '../login.ts';
import type { ListenOptions } from './options.ts';

/**
 * Checks what is different in a listener for SQL Server, and sets what goes without saying there. Clients log in to the
 * database by themselves, so the port needs no secret.
 * @throws ConfigError
 */
export function sqlServerOptions(options: ListenOptions): ListenOptions {
  const { authType, password, path, auth, host, port } = options;
  if (/^iam/i.test(String(authType))) throw noIamLogin('Leave `authType` out, and set `user` and `password`.');
  if (typeof password === 'function') throw refused('`password` is a function', 'Make it a string, or leave it out.');
  if (path !== undefined) throw refused('a Unix socket', 'Set `host` or `port`, or neither.');
  if (/^secret$/i.test(String(auth))) throw refused("`auth: 'SECRET'`", "Use 'PEER' (Linux) or 'NONE'.");
  if (auth === undefined && process.platform !== 'linux') {
    throw refused('no `auth`', "Set `auth: 'NONE'`: whoever reaches the port still has to log in to the database.");
  }
  const place = host === undefined && port === undefined ? { port: 0 } : {};
  return { ...options, ...place, auth: auth ?? 'PEER', authType: 'PASSWORD' };
}

function refused(what: string, remedy: string): ConfigError {
  return new ConfigError('CLOUDSQL_CONFLICTING_OPTIONS', `A listener for SQL Server cannot have ${what}`, { remedy });
}

/** What a URL of SQL Server says. */
interface SqlServerUrl {
  readonly address: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly database: string | undefined;
}

/** A URL as Prisma understands it. Nothing in it is encoded; braces hold a value together. */
export function sqlServerUrl({ address, ...values }: SqlServerUrl): string {
  const { database, user, password } = values;
  const given = Object.entries({ database, user, password }).filter(([, value]) => value !== undefined);
  const parts = given.map(([name, value]) => `${name}={${value?.replaceAll('}', '}}')}}`);
  // What passes here stays on this machine; the instance may demand encryption all the same.
  return [`sqlserver://${address}`, ...parts, 'encrypt=false'].join(';');
}
