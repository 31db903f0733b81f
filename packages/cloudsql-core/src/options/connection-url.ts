import { ConfigError } from '../errors.ts';
import { suggest } from './check.ts';

/** What a connection URL says, as options. */
export interface UrlOptions {
  readonly instance: string;
  readonly database?: string;
  readonly user?: string;
  readonly password?: string;
  readonly ipType?: string;
  readonly authType?: string;
  readonly [parameter: string]: string | undefined;
}

// Not `new URL`: it refuses a user without a host.
const form =
  /^(?<scheme>[a-z][a-z0-9+]*):\/\/(?:(?<login>[^@/?#]*)@)?(?<host>[^/?#]*)(?:\/(?<database>[^?#]*))?(?:\?(?<query>[^#]*))?$/i;

/**
 * Reads the URL form, `postgresql://user@/orders?instance=project:region:name&ipType=PRIVATE`.
 * `parameters` are the names that may stand behind the question mark besides ours.
 * @throws ConfigError `CLOUDSQL_INVALID_URL`, `CLOUDSQL_UNKNOWN_OPTION`
 */
export function parseConnectionUrl(url: string, schemes: readonly string[], parameters: readonly string[]): UrlOptions {
  const parts = form.exec(url)?.groups;
  if (!parts) throw new ConfigError('CLOUDSQL_INVALID_URL', 'The connection URL cannot be read');
  const scheme = parts.scheme!.toLowerCase();
  if (!schemes.includes(scheme)) {
    throw new ConfigError(
      'CLOUDSQL_INVALID_URL',
      `The connection URL begins with "${scheme}:", expected "${schemes[0]}:"`,
    );
  }
  const query = new URLSearchParams(parts.query ?? '');
  if (!query.get('instance')) {
    throw new ConfigError('CLOUDSQL_INVALID_URL', 'The connection URL has no parameter `instance`');
  }
  if (parts.host) {
    throw new ConfigError('CLOUDSQL_INVALID_URL', `The connection URL names the host "${parts.host}"`, {
      remedy: 'Leave the host and the port out: the address comes from the instance.',
    });
  }
  const known = ['instance', 'ipType', 'authType', ...parameters];
  const options: Record<string, string> = {};
  for (const [name, value] of query) {
    if (!known.includes(name)) {
      throw new ConfigError('CLOUDSQL_UNKNOWN_OPTION', `The connection URL has the parameter \`${name}\``, {
        remedy: suggest(name, known) ?? 'Remove it.',
      });
    }
    options[name] = value;
  }
  const [user, ...password] = (parts.login ?? '').split(':').map(decode);
  if (user) options.user = user;
  if (password.length > 0) options.password = password.join(':');
  if (parts.database) options.database = decode(parts.database);
  return options as unknown as UrlOptions;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new ConfigError('CLOUDSQL_INVALID_URL', 'The connection URL has a percent sign that encodes nothing', {
      cause,
    });
  }
}
