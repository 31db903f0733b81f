import { ConfigError } from '../errors.ts';
import { isLoopback } from '../http.ts';

/** The JSON of credentials, and what is known about where it came from. */
export interface CredentialJson {
  readonly fields: Readonly<Record<string, unknown>>;
  /** For messages: a path or the name of an option, never content. */
  readonly where: string;
  /** The universe that the connector works in. */
  readonly universe: string;
  /** Whether it may name files, URLs and programs. */
  readonly trusted: boolean;
}

/** An error about the JSON. Never with the value of a field in it, unless it is one that is no secret. */
export function invalidCredentials(
  { where }: Pick<CredentialJson, 'where'>,
  what: string,
  remedy?: string,
): ConfigError {
  return new ConfigError('CLOUDSQL_INVALID_CREDENTIALS', `${where}: ${what}`, remedy ? { remedy } : {});
}

/** A field that has to be there. @throws ConfigError `CLOUDSQL_INVALID_CREDENTIALS` */
export function requiredText(json: CredentialJson, name: string): string {
  const value = optionalText(json, name);
  if (value !== undefined) return value;
  throw invalidCredentials(json, `the field \`${name}\` is missing`);
}

/** A field that may be absent or empty. @throws ConfigError `CLOUDSQL_INVALID_CREDENTIALS` */
export function optionalText({ fields, where }: CredentialJson, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string') return value;
  throw invalidCredentials({ where }, `the field \`${name}\` is not a string`);
}

/** A field that is an object. @throws ConfigError `CLOUDSQL_INVALID_CREDENTIALS` */
export function requiredObject({ fields, where }: CredentialJson, name: string): Record<string, unknown> {
  const value = fields[name];
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalidCredentials(
    { where },
    `the field \`${name}\` ${value === undefined ? 'is missing' : 'is not an object'}`,
  );
}

/**
 * A URL that credentials are sent to: one of Google's, or the universe's, over https, or one of this machine.
 * @throws ConfigError `CLOUDSQL_UNTRUSTED_CREDENTIALS`
 */
export function googleUrl(json: CredentialJson, name: string, otherwise?: string): string {
  const value = optionalText(json, name) ?? otherwise ?? requiredText(json, name);
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url && url.username === '' && url.password === '') {
    if (isLoopback(url.hostname) && /^https?:$/.test(url.protocol)) return value;
    const ours = ['googleapis.com', json.universe].some((domain) => url.hostname.endsWith(`.${domain}`));
    // Keys that were made before 2017 name accounts.google.com.
    if (url.protocol === 'https:' && url.port === '' && (ours || url.hostname === 'accounts.google.com')) return value;
  }
  const host = url ? `${url.protocol}//${url.host}` : 'something other than a URL';
  throw new ConfigError('CLOUDSQL_UNTRUSTED_CREDENTIALS', `${json.where}: the field \`${name}\` names ${host}`);
}
