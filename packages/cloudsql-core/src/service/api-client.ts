import { type CloudSqlError, cloudSqlError } from '../errors.ts';
import type { HttpAnswer } from '../http.ts';
import { HttpClient, isUntrustedServer, jsonObject } from '../http-client.ts';
import { Answer } from './api-answer.ts';

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

/** Calls Google APIs: keep-alive, retry of what may pass, and errors that say what to do. */
export class ApiClient {
  readonly #headers: Record<string, string>;
  readonly #refusedToken: (token: string) => void;
  readonly #http: HttpClient = new HttpClient();

  /** `refusedToken` is told of a token that the API does not accept. */
  constructor(headers: Record<string, string>, refusedToken: (token: string) => void) {
    this.#headers = headers;
    this.#refusedToken = refusedToken;
  }

  /** Resolves with the parsed JSON of a 2xx answer. */
  async call(call: ApiCall): Promise<Record<string, unknown>> {
    const { method, url, token, body, signal } = call;
    const headers: Record<string, string> = { ...this.#headers, Authorization: `Bearer ${token}` };
    if (body) headers['Content-Type'] = 'application/json';
    const answer = await this.#http.call(
      { method, url, headers, signal, ...(body ? { body: JSON.stringify(body) } : {}) },
      {
        refusal: (refused) => {
          if (refused.status === 401) this.#refusedToken(token);
          return refusal(refused, call);
        },
        unreachable: (cause) => unreachable(cause, call),
      },
    );
    return parse(answer, call);
  }

  /** Closes the kept-alive connections. */
  close(): void {
    this.#http.close();
  }
}

function parse(answer: HttpAnswer, { url, instance }: ApiCall): Record<string, unknown> {
  const value = jsonObject(answer.text);
  if (value) return value;
  throw cloudSqlError('CLOUDSQL_BAD_API_ANSWER', `${new URL(url).host} answered with something other than JSON`, {
    instance,
  });
}

function refusal(answer: HttpAnswer, { url, instance }: ApiCall): CloudSqlError {
  // Not every error comes from the API itself; the status is enough.
  const error = new Answer(jsonObject(answer.text)).object('error');
  const reasons = [...error.objects('errors'), ...error.objects('details')].map((entry) => entry.text('reason'));
  const said = error.text('message').replace(/\.$/, '');
  const what = `${new URL(url).host} answered ${answer.status}${said ? `: ${said}` : ''}`;
  const { status } = answer;
  if (reasons.includes('accessNotConfigured') || reasons.includes('SERVICE_DISABLED')) {
    return cloudSqlError('CLOUDSQL_API_DISABLED', what, { instance });
  }
  if (status === 401) return cloudSqlError('CLOUDSQL_TOKEN_REFUSED', what, { instance });
  if (status === 403) return cloudSqlError('CLOUDSQL_PERMISSION_DENIED', what, { instance });
  if (status === 404) return cloudSqlError('CLOUDSQL_INSTANCE_NOT_FOUND', what, { instance });
  return cloudSqlError('CLOUDSQL_API_ERROR', what, { instance, retryable: status >= 500 || status === 429 });
}

function unreachable(cause: Error, { url, instance }: ApiCall): CloudSqlError {
  const { host } = new URL(url);
  return cloudSqlError('CLOUDSQL_API_UNREACHABLE', `${host} cannot be reached: ${cause.message}`, {
    instance,
    cause,
    ...(isUntrustedServer(cause)
      ? {
          retryable: false,
          remedy: 'Another server answers. If it is a proxy of yours, name its CA in NODE_EXTRA_CA_CERTS.',
        }
      : {}),
  });
}
