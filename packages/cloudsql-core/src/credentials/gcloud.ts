import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import { ConfigError, cloudSqlError } from '../errors.ts';
import { jsonObject } from '../http-client.ts';
import { tokenInfo } from './authorized-user.ts';
import { type AccessToken, cloudSqlScopes } from './credentials.ts';
import { type Grant, type GrantCall, narrowToken } from './grant.ts';
import { runProgram } from './run-program.ts';
import { defaultUniverse } from './universe.ts';

/** How long gcloud may take, in milliseconds. It is a Python program of some size. */
const timeoutMs = 10_000;

/** How long a login token is used whose end nobody tells, in milliseconds. */
const assumedLifeMs = 10 * 60_000;

const windows = process.platform === 'win32';

/** The account that the gcloud CLI is logged in with. */
export async function gcloudGrant(signal: AbortSignal, env: NodeJS.ProcessEnv = process.env): Promise<Grant> {
  const file = await findGcloud(env);
  const config = await readConfig(file, env, signal);
  let narrowing: string | undefined;
  return {
    kind: 'gcloud',
    universe: config.universe,
    quotaProject: config.quotaProject,
    email: async () => config.account,
    async token(use, call) {
      if (use === 'LOGIN' && call.scopes.login !== cloudSqlScopes.login) {
        narrowing ??= `gcloud has no command for a token of the scope ${call.scopes.login}.`;
      }
      if (use === 'LOGIN' && narrowing === undefined) {
        try {
          return narrowToken(use, call, await loginToken(file, env, call));
        } catch (error) {
          if (call.signal.aborted) throw error;
          // Not asked again: each question takes seconds.
          narrowing = `\`gcloud sql generate-login-token\` failed: ${(error as Error).message}`;
        }
      }
      const { token } = await readConfig(file, env, call.signal);
      return { ...token, scopes: undefined, narrowed: 'NO', ...(narrowing === undefined ? {} : { note: narrowing }) };
    },
  };
}

/** Path of the program: in PATH, but never in the current directory, which may be anybody's. */
async function findGcloud({ PATH = '' }: NodeJS.ProcessEnv): Promise<string> {
  const folders = PATH.split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  for (const folder of folders) {
    if (path.resolve(folder) === process.cwd()) continue;
    const file = path.join(folder, windows ? 'gcloud.cmd' : 'gcloud');
    const found = await stat(file).catch(() => undefined);
    if (!found?.isFile()) continue;
    const executable = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return file;
  }
  throw new ConfigError('CLOUDSQL_NO_CREDENTIALS', 'The gcloud CLI was not found in PATH', {
    remedy: 'Install it from https://cloud.google.com/sdk, add its absolute path to PATH, or choose other credentials.',
  });
}

interface GcloudConfig {
  readonly token: AccessToken;
  readonly account: string | undefined;
  readonly universe: string;
  readonly quotaProject: string | undefined;
}

/** The part of `gcloud config config-helper --format=json` that is used here. */
interface ConfigHelper {
  credential?: { access_token?: string; token_expiry?: string };
  configuration?: { properties?: Record<string, Record<string, string> | undefined> };
}

async function readConfig(file: string, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<GcloudConfig> {
  const args = ['config', 'config-helper', '--format=json', '--min-expiry=10m'];
  const { credential, configuration } = (jsonObject(await gcloud(file, args, env, signal)) ?? {}) as ConfigHelper;
  const expiresAt = Date.parse(credential?.token_expiry ?? '');
  if (!credential?.access_token) throw failed('it printed no access token');
  const { core, auth, billing } = configuration?.properties ?? {};
  return {
    token: { token: credential.access_token, expiresAt: Number.isNaN(expiresAt) ? undefined : expiresAt },
    // Several accounts, the last of which is acted as.
    account: auth?.impersonate_service_account?.split(',').at(-1) || core?.account,
    universe: core?.universe_domain || defaultUniverse,
    quotaProject: quotaProjectOf(billing?.quota_project),
  };
}

/** Two of gcloud's values are not names of projects. */
function quotaProjectOf(value: string | undefined): string | undefined {
  return value && !['CURRENT_PROJECT', 'LEGACY', 'CURRENT_PROJECT_WITH_FALLBACK'].includes(value) ? value : undefined;
}

async function loginToken(file: string, env: NodeJS.ProcessEnv, call: GrantCall): Promise<AccessToken> {
  const token = (await gcloud(file, ['sql', 'generate-login-token'], env, call.signal)).trim();
  if (!/^\S+$/.test(token)) throw failed('it printed no login token');
  // gcloud does not tell when it ends, and may have had it for a while.
  const info = await tokenInfo(`https://oauth2.${defaultUniverse}/tokeninfo`, { token }, call).catch(() => undefined);
  const lifeMs = Number(info?.expires_in) * 1000;
  return { token, expiresAt: Date.now() + (lifeMs > 0 ? lifeMs : assumedLifeMs) };
}

async function gcloud(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string> {
  const program = {
    file: windows ? `"${file}"` : file,
    args,
    shell: windows,
    timeoutMs,
    // Its own folder, so that nothing in the current one is loaded; a relative path means the same as before.
    cwd: path.dirname(file),
    env: {
      ...env,
      CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
      ...(env.CLOUDSDK_CONFIG ? { CLOUDSDK_CONFIG: path.resolve(env.CLOUDSDK_CONFIG) } : {}),
    },
  };
  let finished: Awaited<ReturnType<typeof runProgram>>;
  try {
    finished = await runProgram(program, signal);
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw failed((cause as Error).message);
  }
  if (finished.code === 0) return finished.stdout;
  throw failed(finished.stderr.match(/ERROR: .*/)?.[0].slice(0, 300) ?? `it ended with ${finished.code ?? 'a signal'}`);
}

function failed(why: string): Error {
  return cloudSqlError('CLOUDSQL_TOKEN_FAILED', `gcloud gave no token: ${why.replace(/\.$/, '')}`, {
    remedy: 'Run `gcloud auth login`, and check with `gcloud config config-helper --format=json`.',
  });
}
