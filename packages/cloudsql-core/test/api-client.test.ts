import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ApiClient } from '../src/service/api-client.ts';

const realTimeout = setTimeout;

type Answer = (response: http.ServerResponse) => void;

const ok: Answer = (response) => response.end('{"fine":true}');
const status =
  (code: number, headers: http.OutgoingHttpHeaders = {}): Answer =>
  (response) =>
    response.writeHead(code, headers).end('{}');

let answers: Answer[];
let calls: number;
let server: http.Server;
let client: ApiClient;
let refused: string[];

beforeEach(async () => {
  calls = 0;
  refused = [];
  server = http.createServer((_, response) => {
    calls++;
    (answers.shift() ?? ok)(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = new ApiClient({}, (token) => refused.push(token));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(async () => {
  vi.useRealTimers();
  client.close();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

function call(signal: AbortSignal = new AbortController().signal): Promise<object> {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return client.call({ method: 'POST', url, token: 't', body: {}, instance: 'p:r:i', signal });
}

/** Lets time pass as soon as the client waits for it, until the call is done; says how much it was, in milliseconds. */
async function waited(pending: Promise<unknown>): Promise<number> {
  const done = pending.then(
    () => true,
    () => true,
  );
  const start = Date.now();
  let ms = 0;
  while (!(await Promise.race([done, new Promise<false>((resolve) => setImmediate(resolve, false))]))) {
    if (Date.now() - start > 10_000) throw new Error('the call does not end');
    if (vi.getTimerCount() === 0) continue;
    ms += 100;
    await vi.advanceTimersByTimeAsync(100);
    // Real time, in which the server can answer.
    await new Promise((resolve) => realTimeout(resolve, 3));
  }
  return ms;
}

it.each([
  ['a 503', status(503)],
  ['a 429', status(429)],
  ['a connection that is reset', (response) => response.socket?.resetAndDestroy()],
] as [string, Answer][])('tries again after %s, also with POST', async (_, answer) => {
  answers = [answer, answer];
  const pending = call();
  await waited(pending);
  expect(await pending).toEqual({ fine: true });
  expect(calls).toBe(3);
});

it('waits as long as Retry-After says', async () => {
  answers = [status(429, { 'Retry-After': '7' })];
  const pending = call();
  expect(await waited(pending)).toBeGreaterThanOrEqual(7000);
  await pending;
});

it('asks again when an answer does not come', async () => {
  answers = [() => {}];
  const pending = call();
  expect(await waited(pending)).toBeGreaterThanOrEqual(5000);
  expect(await pending).toEqual({ fine: true });
});

it.each([400, 401, 403, 404])('takes a %s for final', async (code) => {
  answers = [status(code)];
  await expect(call()).rejects.toMatchObject({ retryable: false });
  expect(calls).toBe(1);
});

it('says which token was refused', async () => {
  answers = [status(401)];
  await expect(call()).rejects.toMatchObject({ code: 'CLOUDSQL_TOKEN_REFUSED' });
  expect(refused).toEqual(['t']);
});

it('gives up after five attempts', async () => {
  answers = Array<Answer>(9).fill(status(500));
  const pending = call();
  await waited(pending);
  await expect(pending).rejects.toMatchObject({ code: 'CLOUDSQL_API_ERROR', retryable: true });
  expect(calls).toBe(5);
});

it('stops at once when nobody wants the answer any more', async () => {
  answers = [() => {}];
  const controller = new AbortController();
  const pending = call(controller.signal);
  await vi.waitFor(() => expect(calls).toBe(1));
  const reason = new Error('enough');
  controller.abort(reason);
  await expect(pending).rejects.toBe(reason);
  expect(vi.getTimerCount()).toBe(0);
});

it('does not even connect for a caller who has gone', async () => {
  const reason = new Error('enough');
  const connected = vi.fn();
  server.on('connection', connected);
  await expect(call(AbortSignal.abort(reason))).rejects.toBe(reason);
  await new Promise((resolve) => realTimeout(resolve, 50));
  expect(connected).not.toHaveBeenCalled();
});
