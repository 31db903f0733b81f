import http from 'node:http';
import https from 'node:https';
import { deadline, sleep } from '../deadline.ts';
import { type CloudSqlError, cloudSqlError } from '../errors.ts';
import { type HttpAnswer, httpRequest } from '../http.ts';
import { proxyAgent } from './http-proxy.ts';

/** One call of a Google API. */
export interface ApiCall {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly token: string;
  readonly body?: object;
  /** For messages. */
  readonly instance: string;
  readonly signal: AbortSignal;
}

const attempts = 5;

/**
 * How long an attempt may take, in milliseconds; twice as long as the one before, if that took too long. So an answer
 * that got lost is asked for again within one dial, and an API that is slow is waited for all the same.
 */
const attemptTimeoutMs = 5000;

class LateAnswer extends Error {}

/** Calls Google APIs: keep-alive, retry of what may pass, and errors that say what to do. */
export class ApiClient {
  readonly #headers: Record<string, string>;
  #agents: Map<string, http.Agent> = new Map();

  constructor(headers: Record<string, string>) {
    this.#headers = headers;
  }

  /** Resolves with the parsed JSON of a 2xx answer. */
  async call(call: ApiCall): Promise<Record<string, unknown>> {
    let timeoutMs = attemptTimeoutMs;
    for (let attempt = 1; ; attempt++) {
      let error: CloudSqlError;
      let after: number | undefined;
      try {
        const answer = await this.#send(call, timeoutMs);
        if (answer.status >= 200 && answer.status < 300) return parse(answer, call);
        error = refusal(answer, call);
        after = retryAfter(answer);
      } catch (cause) {
        if (call.signal.aborted) throw call.signal.reason;
        if (cause instanceof LateAnswer) timeoutMs *= 2;
        error = unreachable(cause as Error, call);
      }
      if (!error.retryable || attempt === attempts) throw error;
      await sleep(after ?? 200 * 1.618 ** (attempt + Math.random()), call.signal);
    }
  }

  /** Closes the kept-alive connections. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  async #send({ method, url, token, body, signal }: ApiCall, timeoutMs: number): Promise<HttpAnswer> {
    const headers: Record<string, string> = { ...this.#headers, Authorization: `Bearer ${token}` };
    if (body) headers['Content-Type'] = 'application/json';
    const agent = this.#agent(new URL(url));
    const limit = deadline(timeoutMs, () => new LateAnswer(`no answer within ${timeoutMs} ms`), signal);
    const content = body ? { body: JSON.stringify(body) } : {};
    try {
      return await httpRequest({ method, url, headers, agent, signal: limit.signal, ...content });
    } finally {
      limit.clear();
    }
  }

  #agent(url: URL): http.Agent {
    let agent = this.#agents.get(url.host);
    if (!agent) {
      agent =
        proxyAgent(url) ??
        (url.protocol === 'https:' ? new https.Agent({ keepAlive: true }) : new http.Agent({ keepAlive: true }));
      this.#agents.set(url.host, agent);
    }
    return agent;
  }
}

function parse(answer: HttpAnswer, { url, instance }: ApiCall): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(answer.text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Told below: the parser's own message would show a piece of the answer.
  }
  throw cloudSqlError('CLOUDSQL_BAD_API_ANSWER', `${new URL(url).host} answered with something other than JSON`, {
    instance,
  });
}

/** Google's error JSON, as far as it is used here. */
interface GoogleError {
  error?: { message?: string; errors?: { reason?: string }[]; details?: { reason?: string }[] };
}

function refusal(answer: HttpAnswer, { url, instance }: ApiCall): CloudSqlError {
  let error: GoogleError['error'];
  try {
    ({ error } = JSON.parse(answer.text) as GoogleError);
  } catch {
    // Not every 5xx comes from the API itself; the status is enough.
  }
  const reasons = [...(error?.errors ?? []), ...(error?.details ?? [])].map(({ reason }) => reason);
  const said = (error?.message ?? '').replace(/\.$/, '');
  const what = `${new URL(url).host} answered ${answer.status}${said ? `: ${said}` : ''}`;
  const { status } = answer;
  if (reasons.includes('accessNotConfigured') || reasons.includes('SERVICE_DISABLED')) {
    return cloudSqlError('CLOUDSQL_API_DISABLED', what, { instance });
  }
  if (status === 403) return cloudSqlError('CLOUDSQL_PERMISSION_DENIED', what, { instance });
  if (status === 404) return cloudSqlError('CLOUDSQL_INSTANCE_NOT_FOUND', what, { instance });
  return cloudSqlError('CLOUDSQL_API_ERROR', what, { instance, retryable: status >= 500 || status === 429 });
}

function unreachable(cause: Error, { url, instance }: ApiCall): CloudSqlError {
  const { host } = new URL(url);
  return cloudSqlError('CLOUDSQL_API_UNREACHABLE', `${host} cannot be reached: ${cause.message}`, { instance, cause });
}

/** The header Retry-After in milliseconds, in both of its forms; at most 30 s, because dials wait meanwhile. */
function retryAfter({ headers }: HttpAnswer): number | undefined {
  const value = headers['retry-after'];
  if (!value) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 30_000) : undefined;
}
