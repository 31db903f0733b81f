import { ConfigError, cloudSqlError } from '../errors.ts';
import { isLoopback } from '../http.ts';
import type { ResolvedConnectorOptions } from '../options/connector-options.ts';
import { emailOfToken } from './authorized-user.ts';
import type { AccessToken, Credentials } from './credentials.ts';
import { type Grant, type GrantCall, narrowToken, scopeOf } from './grant.ts';
import { foundGrant, GrantedCredentials } from './granted-credentials.ts';
import type { CredentialOptions } from './sources.ts';
import { requestToken } from './token-request.ts';
import { defaultUniverse } from './universe.ts';

/** Variables that only exist on platforms where an emulator has no business. */
const production = ['K_SERVICE', 'CLOUD_RUN_JOB', 'FUNCTION_TARGET', 'GAE_ENV', 'AWS_LAMBDA_FUNCTION_NAME'];

/**
 * The address of the emulator, `host:port`, if the environment names one and the options let it.
 * @throws ConfigError `CLOUDSQL_EMULATOR_REFUSED`, `CLOUDSQL_CONFLICTING_OPTIONS`
 */
export function emulatorHost(
  options: Pick<ResolvedConnectorOptions, 'emulator' | 'credentials' | 'endpoints'>,
  env: NodeJS.ProcessEnv = process.env,
): string | undefined {
  const value = env.CLOUDSQL_EMULATOR_HOST;
  if (!value || options.emulator === 'NEVER') return undefined;
  const host = value.replace(/^https?:\/\//, '').replace(/\/$/, '');
  const name = /^(?<name>[^/:]+|\[[^\]]+\]):\d+$/.exec(host)?.groups?.name;
  if (!name) throw refused(`CLOUDSQL_EMULATOR_HOST is "${value}", expected host:port`);
  if (options.emulator === 'LOCAL') {
    if (!isLoopback(name)) throw refused(`CLOUDSQL_EMULATOR_HOST names "${name}", which is not this machine`);
    const platform = production.find((variable) => env[variable]);
    if (platform) throw refused(`CLOUDSQL_EMULATOR_HOST is set beside ${platform}`);
    if (env.NODE_ENV === 'production') throw refused('CLOUDSQL_EMULATOR_HOST is set beside NODE_ENV=production');
  }
  for (const key of ['credentials', 'endpoints'] as const) {
    if (options[key] === undefined) continue;
    throw new ConfigError(
      'CLOUDSQL_CONFLICTING_OPTIONS',
      `CLOUDSQL_EMULATOR_HOST is set beside the option \`${key}\``,
      {
        remedy: `Unset the variable, remove \`${key}\`, or set \`emulator: 'NEVER'\`.`,
      },
    );
  }
  return host;
}

/** The emulator's own credentials: tokens of the principal that `CLOUDSQL_EMULATOR_PRINCIPAL` names, or its default. */
export function emulatorCredentials(host: string, { impersonate, quotaProject }: CredentialOptions): Credentials {
  const principal = process.env.CLOUDSQL_EMULATOR_PRINCIPAL ?? '';
  const grant: Grant = {
    kind: 'emulator',
    universe: undefined,
    quotaProject: undefined,
    token: async (use, call) => narrowToken(use, await exchange(host, principal, scopeOf[use], call)),
    async email(apiToken, call) {
      return principal || emailOfToken(`http://${host}/tokeninfo`, await apiToken(), call);
    },
  };
  return new GrantedCredentials({
    find: foundGrant(grant, 'the emulator, because CLOUDSQL_EMULATOR_HOST is set'),
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
