import http from 'node:http';
import https from 'node:https';
import { deadline, sleep } from './deadline.ts';
import type { CloudSqlError } from './errors.ts';
import { type HttpAnswer, type HttpRequest, httpRequest } from './http.ts';
import { proxyAgent } from './http-proxy.ts';

/** Turns what went wrong into errors; their `retryable` decides whether it is tried again. */
export interface Judge {
  /** The server answered with a status other than 2xx. */
  refusal(answer: HttpAnswer): CloudSqlError;
  /** There was no answer. */
  unreachable(cause: Error): CloudSqlError;
}

const attempts = 5;

/**
 * How long an attempt may take, in milliseconds; twice as long as the one before, if that took too long. So an answer
 * that got lost is asked for again within one dial, and a server that is slow is waited for all the same.
 */
const attemptTimeoutMs = 5000;

class LateAnswer extends Error {}

/**
 * A connection that was not used for so long is not used again, in milliseconds by the wall clock: after a sleep of the
 * machine the other end has forgotten it, and a request would wait in vain.
 */
const idleMs = 30_000;

/** Nothing is remembered of TLS sessions, because Node does not check the server's name on one that is taken up again. */
const agentOptions = { keepAlive: true, maxCachedSessions: 0 } as const;

/** Sends requests over kept-alive connections, through HTTPS_PROXY where it is set, and repeats what may pass. */
export class HttpClient {
  readonly #agents: Map<string, http.Agent> = new Map();
  #usedAt = 0;

  /** One request, one answer, whatever it is. */
  send(request: HttpRequest): Promise<HttpAnswer> {
    return httpRequest({ ...request, agent: this.#agent(new URL(request.url)) });
  }

  /** Resolves with a 2xx answer, after up to five attempts. */
  async call(request: HttpRequest, judge: Judge): Promise<HttpAnswer> {
    let timeoutMs = attemptTimeoutMs;
    for (let attempt = 1; ; attempt++) {
      // Node would begin to connect before it sees that nobody wants the answer any more.
      request.signal.throwIfAborted();
      let error: CloudSqlError;
      let after: number | undefined;
      try {
        const answer = await this.#attempt(request, timeoutMs);
        if (answer.status >= 200 && answer.status < 300) return answer;
        error = judge.refusal(answer);
        after = retryAfter(answer);
      } catch (cause) {
        if (request.signal.aborted) throw request.signal.reason;
        if (cause instanceof LateAnswer) timeoutMs *= 2;
        error = judge.unreachable(cause as Error);
      }
      if (!error.retryable || attempt === attempts) throw error;
      await sleep(after ?? 200 * 1.618 ** (attempt + Math.random()), request.signal);
    }
  }

  /** Closes the kept-alive connections. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  async #attempt(request: HttpRequest, timeoutMs: number): Promise<HttpAnswer> {
    const late = (): Error => new LateAnswer(`no answer within ${timeoutMs} ms`);
    const limit = deadline(timeoutMs, late, request.signal);
    try {
      return await this.send({ ...request, signal: limit.signal });
    } finally {
      limit.clear();
    }
  }

  #agent(url: URL): http.Agent {
    if (Math.abs(Date.now() - this.#usedAt) > idleMs) this.#dropIdle();
    this.#usedAt = Date.now();
    const key = `${url.protocol}//${url.host}`;
    let agent = this.#agents.get(key);
    if (!agent) {
      agent = proxyAgent(url) ?? new (url.protocol === 'https:' ? https : http).Agent(agentOptions);
      this.#agents.set(key, agent);
    }
    return agent;
  }

  #dropIdle(): void {
    for (const { freeSockets } of this.#agents.values()) {
      for (const socket of Object.values(freeSockets).flat()) socket?.destroy();
    }
  }
}

/** Whether a server could not prove who it is: then nothing was sent, and trying again is pointless. */
export function isUntrustedServer(cause: Error): boolean {
  const { code = '' } = cause as NodeJS.ErrnoException;
  return /CERT|^UNABLE_TO_(VERIFY|GET)|ALTNAME/.test(code);
}

/** The JSON object in a text; undefined for anything else. The parser's own error would show a piece of the text. */
export function jsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The header Retry-After in milliseconds, in both of its forms; at most 30 s, because dials wait meanwhile. */
function retryAfter({ headers }: HttpAnswer): number | undefined {
  const value = headers['retry-after'];
  if (!value) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 30_000) : undefined;
}
