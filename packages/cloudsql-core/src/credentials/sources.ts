import { ConfigError } from '../errors.ts';
import { jsonObject } from '../http-client.ts';
import { applicationDefault, fileGrant } from './application-default.ts';
import { authClientGrant } from './auth-client.ts';
import { invalidCredentials } from './credential-fields.ts';
import { grantOfJson } from './credential-json.ts';
import type { CredentialSource, ImpersonationOptions, Scopes } from './credentials.ts';
import { gcloudGrant } from './gcloud.ts';
import { foundGrant, GrantedCredentials, type GrantedCredentialsOptions } from './granted-credentials.ts';
import { staticTokenGrant } from './static-tokens.ts';
import { universeOf } from './universe.ts';

/** The options of a connector that are about credentials. */
export interface CredentialOptions {
  readonly credentials?: CredentialSource | undefined;
  readonly impersonate?: ImpersonationOptions | undefined;
  readonly quotaProject?: string | undefined;
  readonly universeDomain?: string | undefined;
  readonly endpoints?: { readonly iamCredentials?: string } | undefined;
}

/**
 * Turns options into credentials. Checks their form and nothing more: no file is read here.
 * @throws ConfigError `CLOUDSQL_INVALID_OPTION`, `CLOUDSQL_CONFLICTING_OPTIONS`, `CLOUDSQL_UNKNOWN_OPTION`,
 * `CLOUDSQL_INVALID_CREDENTIALS`, `CLOUDSQL_UNTRUSTED_CREDENTIALS`
 */
export function createCredentials(
  options: CredentialOptions,
  scopes: Scopes,
  env: NodeJS.ProcessEnv = process.env,
): GrantedCredentials {
  const universe = universeOf(options.universeDomain, env);
  if (options.impersonate && options.credentials && 'accessToken' in options.credentials) {
    throw new ConfigError(
      'CLOUDSQL_CONFLICTING_OPTIONS',
      '`impersonate` and `credentials.accessToken` contradict each other',
      { remedy: 'Pass tokens of the service account itself, or credentials that may act as it.' },
    );
  }
  return new GrantedCredentials({
    find: finder(options.credentials, universe),
    scopes,
    universe,
    impersonate: options.impersonate,
    iamEndpoint: options.endpoints?.iamCredentials ?? `https://iamcredentials.${universe}`,
    quotaProject: options.quotaProject ?? (env.GOOGLE_CLOUD_QUOTA_PROJECT?.trim() || undefined),
  });
}

type Finder = GrantedCredentialsOptions['find'];

function finder(source: CredentialSource | undefined, universe: string): Finder {
  if (source === undefined) return (call) => applicationDefault(call);
  if (typeof source !== 'object' || source === null) throw invalid();
  if ('getClient' in source) return authClient({ auth: source }, 'GoogleAuth');
  if ('getAccessToken' in source) return authClient({ client: source }, 'AuthClient');
  if ('keyFile' in source) {
    only(source, ['keyFile']);
    const { keyFile } = source;
    if (typeof keyFile !== 'string' || keyFile === '') throw invalid('credentials.keyFile');
    const where = `the file ${keyFile}, which the option \`credentials.keyFile\` names`;
    return (call) => fileGrant(keyFile, where, call);
  }
  if ('json' in source) {
    only(source, ['json', 'trustExternalAccount']);
    const trusted = source.trustExternalAccount ?? false;
    if (typeof trusted !== 'boolean') throw invalid('credentials.trustExternalAccount');
    const where = 'The option `credentials.json`';
    const fields = fieldsOf(source.json, where);
    return foundGrant(grantOfJson({ fields, where, universe, trusted }), 'the option `credentials.json`');
  }
  if ('accessToken' in source) {
    only(source, ['accessToken', 'loginToken']);
    for (const name of ['accessToken', 'loginToken'] as const) checkToken(name, source);
    const grant = staticTokenGrant(source.accessToken, source.loginToken);
    return foundGrant(grant, 'the option `credentials.accessToken`');
  }
  if ('gcloud' in source) {
    only(source, ['gcloud']);
    if (source.gcloud !== true) throw invalid('credentials.gcloud');
    const where = 'the gcloud CLI, because of the option `credentials.gcloud`';
    return async (call) => ({ grant: await gcloudGrant(call.signal), source: where });
  }
  throw invalid();
}

function authClient(source: Parameters<typeof authClientGrant>[0], name: string): Finder {
  return async (call) => ({
    grant: await authClientGrant(source, call),
    source: `the ${name} in the option \`credentials\``,
  });
}

function fieldsOf(json: unknown, where: string): Record<string, unknown> {
  const fields = typeof json === 'string' ? jsonObject(json) : json;
  if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) return fields as Record<string, unknown>;
  throw invalidCredentials({ where }, 'it is not a JSON object', 'Is the variable that it comes from set, and whole?');
}

function checkToken(name: 'accessToken' | 'loginToken', source: object): void {
  const value = (source as Record<string, unknown>)[name];
  if (typeof value === 'function' || (typeof value === 'string' && value.trim() !== '')) return;
  // A key that is present but undefined is a variable that was not set.
  if (name === 'loginToken' && !(name in source)) return;
  throw invalid(`credentials.${name}`);
}

function invalid(option = 'credentials'): ConfigError {
  return new ConfigError('CLOUDSQL_INVALID_OPTION', `The option \`${option}\` is not one that can be used`, {
    remedy:
      'Pass { keyFile }, { json }, { accessToken, loginToken }, { gcloud: true }, an AuthClient or a GoogleAuth, or leave it out for Application Default Credentials.',
  });
}

function only(source: object, allowed: readonly string[]): void {
  const keys = Object.keys(source);
  if (keys.every((key) => allowed.includes(key))) return;
  throw new ConfigError(
    'CLOUDSQL_CONFLICTING_OPTIONS',
    `The option \`credentials\` has ${keys.map((key) => `\`${key}\``).join(' and ')}`,
    { remedy: 'Name one source.' },
  );
}
