import { ConfigError, cloudSqlError } from '../errors.ts';
import { isLoopback } from '../http.ts';
import type { ServiceName } from '../instance/instance.ts';
import type { ResolvedConnectorOptions } from '../options/connector-options.ts';
import { emailOfToken } from './authorized-user.ts';
import type { AccessToken, Credentials, Scopes } from './credentials.ts';
import { type Grant, type GrantCall, narrowToken, scopeOf } from './grant.ts';
import { foundGrant, GrantedCredentials } from './granted-credentials.ts';
import type { CredentialOptions } from './sources.ts';
import { requestToken } from './token-request.ts';
import { defaultUniverse } from './universe.ts';

/** The variable that names the emulator, for each service. */
export const emulatorVariables: Readonly<Record<ServiceName, string>> = {
  'cloud-sql': 'CLOUDSQL_EMULATOR_HOST',
  alloydb: 'ALLOYDB_EMULATOR_HOST',
};

/** Variables that only exist on platforms where an emulator has no business. */
const production = ['K_SERVICE', 'CLOUD_RUN_JOB', 'FUNCTION_TARGET', 'GAE_ENV', 'AWS_LAMBDA_FUNCTION_NAME'];

/**
 * The address of the emulator of a service, `host:port`, if the environment names one and the options let it.
 * @throws ConfigError `CLOUDSQL_EMULATOR_REFUSED`, `CLOUDSQL_CONFLICTING_OPTIONS`
 */
export function emulatorHost(
  service: ServiceName,
  options: Pick<ResolvedConnectorOptions, 'emulator' | 'credentials' | 'endpoints'>,
  env: NodeJS.ProcessEnv = process.env,
): string | undefined {
  const variable = emulatorVariables[service];
  const value = env[variable];
  if (!value || options.emulator === 'NEVER') return undefined;
  const host = value.replace(/^https?:\/\//, '').replace(/\/$/, '');
  const name = /^(?<name>[^/:]+|\[[^\]]+\]):\d+$/.exec(host)?.groups?.name;
  if (!name) throw refused(`${variable} is "${value}", expected host:port`);
  if (options.emulator === 'LOCAL') {
    if (!isLoopback(name)) throw refused(`${variable} names "${name}", which is not this machine`);
    const platform = production.find((each) => env[each]);
    if (platform) throw refused(`${variable} is set beside ${platform}`);
    if (env.NODE_ENV === 'production') throw refused(`${variable} is set beside NODE_ENV=production`);
  }
  for (const key of ['credentials', 'endpoints'] as const) {
    if (options[key] === undefined) continue;
    throw new ConfigError('CLOUDSQL_CONFLICTING_OPTIONS', `${variable} is set beside the option \`${key}\``, {
      remedy: `Unset the variable, remove \`${key}\`, or set \`emulator: 'NEVER'\`.`,
    });
  }
  return host;
}

/** The emulator's own credentials: tokens of the principal that `CLOUDSQL_EMULATOR_PRINCIPAL` names, or its default. */
export function emulatorCredentials(
  host: string,
  { name, scopes }: { readonly name: ServiceName; readonly scopes: Scopes },
  { impersonate, quotaProject }: CredentialOptions,
): Credentials {
  const principal = process.env.CLOUDSQL_EMULATOR_PRINCIPAL ?? '';
  const grant: Grant = {
    kind: 'emulator',
    universe: undefined,
    quotaProject: undefined,
    infoUrl: `http://${host}/tokeninfo`,
    token: async (use, call) => narrowToken(use, call, await exchange(host, principal, scopeOf(use, call), call)),
    async email(apiToken, call) {
      return principal || emailOfToken(`http://${host}/tokeninfo`, await apiToken(), call);
    },
  };
  return new GrantedCredentials({
    find: foundGrant(grant, `the emulator, because ${emulatorVariables[name]} is set`),
    scopes,
    universe: defaultUniverse,
    impersonate,
    iamEndpoint: `http://${host}`,
    quotaProject,
  });
}

async function exchange(host: string, principal: string, scope: string, call: GrantCall): Promise<AccessToken> {
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    subject_token: principal,
    scope,
  };
  try {
    return await requestToken({ url: `http://${host}/token`, form }, call);
  } catch (cause) {
    if (call.signal.aborted) throw cause;
    throw cloudSqlError('CLOUDSQL_TOKEN_FAILED', `The emulator at ${host} gave no token`, {
      cause,
      remedy: 'Check that the emulator is running and knows the principal in CLOUDSQL_EMULATOR_PRINCIPAL.',
    });
  }
}

function refused(what: string): ConfigError {
  return new ConfigError('CLOUDSQL_EMULATOR_REFUSED', what);
}
