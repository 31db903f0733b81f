import { deadline } from '../deadline.ts';
import { type CloudSqlError, ConfigError, cloudSqlError } from '../errors.ts';
import type { HttpAnswer } from '../http.ts';
import { jsonObject } from '../http-client.ts';
import { type Grant, type GrantCall, scopeOf } from './grant.ts';
import { unreachableEndpoint } from './token-request.ts';

/** How long finding out may take whether there is a metadata server, in milliseconds. */
const detectionMs = 3000;

/** Where it is, unless the environment says otherwise. The address and not the name, because a laptop may ask DNS for long. */
const usualHost = '169.254.169.254';

const note =
  'Compute Engine gives tokens of the scopes that the machine was created with, whatever is asked for; Cloud Run and GKE give what is asked for.';

/** The service account of the machine. Looks first whether there is one, so that a laptop gets an answer soon. */
export async function metadataServerGrant(call: GrantCall, env: NodeJS.ProcessEnv = process.env): Promise<Grant> {
  const host = env.GCE_METADATA_HOST || env.GCE_METADATA_IP || usualHost;
  const base = `${/^https?:\/\//.test(host) ? host : `http://${host}`}/computeMetadata/v1/instance/service-accounts/default`;
  if (env.METADATA_SERVER_DETECTION === 'none') throw notFound('METADATA_SERVER_DETECTION is none');
  if (env.METADATA_SERVER_DETECTION !== 'assume-present') await detect(`${base}/email`, call);
  return {
    kind: 'metadata_server',
    // Its tokens are good for the universe that the machine is in.
    universe: undefined,
    quotaProject: undefined,
    email: async (_, later) => (await get(`${base}/email`, later)).text.trim() || undefined,
    async token(use, later) {
      const scope = scopeOf(use, later);
      const answer = jsonObject((await get(`${base}/token?scopes=${encodeURIComponent(scope)}`, later)).text) ?? {};
      const { access_token, expires_in } = answer;
      if (typeof access_token !== 'string' || typeof expires_in !== 'number') {
        throw cloudSqlError('CLOUDSQL_TOKEN_FAILED', `The metadata server ${host} answered without a token`);
      }
      return {
        token: access_token,
        expiresAt: Date.now() + expires_in * 1000,
        scopes: [scope],
        narrowed: 'REQUESTED',
        note,
      };
    },
  };
}

async function detect(url: string, call: GrantCall): Promise<void> {
  const limit = deadline(detectionMs, () => notFound(`nothing answered within ${detectionMs} ms`), call.signal);
  try {
    const { status, headers } = await call.http.send({ method: 'GET', url, headers: flavor, signal: limit.signal });
    if (status < 500 && headers['metadata-flavor'] !== 'Google') throw notFound('another server answers');
  } catch (error) {
    if (call.signal.aborted) throw call.signal.reason;
    throw error instanceof ConfigError ? error : notFound((error as Error).message);
  } finally {
    limit.clear();
  }
}

const flavor = { 'Metadata-Flavor': 'Google' };

async function get(url: string, { http, signal }: GrantCall): Promise<HttpAnswer> {
  return http.call(
    { method: 'GET', url, headers: flavor, signal },
    { refusal: (answer) => refusal(url, answer), unreachable: (cause) => unreachableEndpoint(url, cause) },
  );
}

function refusal(url: string, { status }: HttpAnswer): CloudSqlError {
  return cloudSqlError('CLOUDSQL_TOKEN_FAILED', `The metadata server ${new URL(url).host} answered ${status}`, {
    retryable: status >= 500 || status === 429,
    remedy: 'Attach a service account to the machine, the service or the pod.',
  });
}

function notFound(why: string): ConfigError {
  return new ConfigError(
    'CLOUDSQL_NO_CREDENTIALS',
    `No Google credentials were found: no file, and no metadata server (${why})`,
  );
}
