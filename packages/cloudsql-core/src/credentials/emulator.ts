import { deadline } from '../deadline.ts';
import { ConfigError, cloudSqlError } from '../errors.ts';
import { httpRequest, isLoopback } from '../http.ts';
import type { ServiceName } from '../instance/instance.ts';
import type { ResolvedConnectorOptions } from '../options/connector-options.ts';
import type { AccessToken, Credentials, Scopes } from './credentials.ts';

/** The variable that names the emulator, for each service. */
export const emulatorVariables: Readonly<Record<ServiceName, string>> = {
  'cloud-sql': 'CLOUDSQL_EMULATOR_HOST',
  alloydb: 'ALLOYDB_EMULATOR_HOST',
};

/** Variables that only exist on platforms where an emulator has no business. */
const production = ['K_SERVICE', 'CLOUD_RUN_JOB', 'FUNCTION_TARGET', 'GAE_ENV', 'AWS_LAMBDA_FUNCTION_NAME'];

/** Tokens are fetched anew this long before they expire, in milliseconds. */
const earlyMs = 60_000;

/** How long the emulator may take for a token, in milliseconds. */
const answerTimeoutMs = 10_000;

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
export function emulatorCredentials(host: string, scopes: Scopes): Credentials {
  const principal = process.env.CLOUDSQL_EMULATOR_PRINCIPAL ?? '';
  const cached = new Map<string, Promise<AccessToken>>();
  const token = async (scope: string): Promise<AccessToken> => {
    // A promise, so that all who ask at the same time share one call.
    const known = cached.get(scope);
    const current = await known?.catch(() => undefined);
    if (current && current.expiresAt! - Date.now() > earlyMs) return current;
    const other = cached.get(scope);
    if (other && other !== known) return other;
    const fresh = exchange(host, principal, scope);
    cached.set(scope, fresh);
    return fresh;
  };
  return {
    apiToken: () => token(scopes.api),
    loginToken: () => token(scopes.login),
    quotaProject: async () => undefined,
    async email() {
      if (principal) return principal;
      const { token: access_token } = await token(scopes.api);
      const info = await post(host, '/tokeninfo', { access_token });
      return typeof info.email === 'string' ? info.email : undefined;
    },
  };
}

async function exchange(host: string, principal: string, scope: string): Promise<AccessToken> {
  const answer = await post(host, '/token', {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    subject_token: principal,
    scope,
  });
  const { access_token, expires_in } = answer;
  if (typeof access_token === 'string' && typeof expires_in === 'number') {
    return { token: access_token, expiresAt: Date.now() + expires_in * 1000 };
  }
  throw cloudSqlError('CLOUDSQL_TOKEN_FAILED', `The emulator at ${host} gave no token`);
}

async function post(host: string, path: string, form: Record<string, string>): Promise<Record<string, unknown>> {
  const limit = deadline(answerTimeoutMs, () => new Error(`no answer within ${answerTimeoutMs} ms`));
  try {
    const answer = await httpRequest({
      method: 'POST',
      url: `http://${host}${path}`,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
      signal: limit.signal,
    });
    if (answer.status === 200) return JSON.parse(answer.text) as Record<string, unknown>;
    throw new Error(`it answered ${answer.status} ${answer.text.slice(0, 200)}`);
  } catch (cause) {
    throw cloudSqlError('CLOUDSQL_TOKEN_FAILED', `The emulator at ${host} gave no token: ${(cause as Error).message}`, {
      cause,
      remedy: 'Check that the emulator is running and knows the principal in CLOUDSQL_EMULATOR_PRINCIPAL.',
    });
  } finally {
    limit.clear();
  }
}

function refused(what: string): ConfigError {
  return new ConfigError('CLOUDSQL_EMULATOR_REFUSED', what);
}
