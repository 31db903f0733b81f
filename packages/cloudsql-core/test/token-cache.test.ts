import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { AccessToken } from '../src/credentials/credentials.ts';
import { TokenCache } from '../src/credentials/token-cache.ts';

const minutes = 60_000;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A cache over tokens of a given life, and how many of them were fetched. */
function cacheOf(
  lifeMs: number | undefined,
  more: { keep?: false } = {},
): { cache: TokenCache<AccessToken>; count(): number } {
  let count = 0;
  const cache = new TokenCache<AccessToken & { keep?: false }>(async () => {
    count++;
    return { token: `token ${count}`, expiresAt: lifeMs === undefined ? undefined : Date.now() + lifeMs, ...more };
  });
  return { cache, count: () => count };
}

it('fetches once for callers at the same time', async () => {
  const { cache, count } = cacheOf(60 * minutes);
  await Promise.all(Array.from({ length: 100 }, () => cache.get()));
  expect(count()).toBe(1);
});

it.each([
  [60 * minutes, 54 * minutes, 56 * minutes],
  [8 * minutes, 2 * minutes, 4 * minutes],
  [4000, 900, 1100],
])('a token of %i ms is still good after %i ms, and replaced after %i ms', async (lifeMs, good, stale) => {
  const { cache } = cacheOf(lifeMs);
  await cache.get();
  vi.advanceTimersByTime(good);
  expect((await cache.get()).token).toBe('token 1');
  vi.advanceTimersByTime(stale - good);
  expect((await cache.get()).token).toBe('token 2');
});

it('a token that is nearly expired when it comes is handed out, without a loop', async () => {
  const { cache, count } = cacheOf(1);
  expect((await cache.get()).token).toBe('token 1');
  expect(count()).toBe(1);
});

it.each([
  ['without expiry', undefined, {}],
  ['that somebody else keeps fresh', 60 * minutes, { keep: false as const }],
])('a token %s is asked for each time, and only then', async (_, lifeMs, more) => {
  const { cache, count } = cacheOf(lifeMs, more);
  await cache.get();
  vi.advanceTimersByTime(24 * 60 * minutes);
  expect(count()).toBe(1);
  await cache.get();
  expect(count()).toBe(2);
});

it('a token is replaced in time, although the clock was set back', async () => {
  const { cache } = cacheOf(60 * minutes);
  await cache.get();
  vi.advanceTimersByTime(56 * minutes);
  vi.setSystemTime(Date.now() - 24 * 60 * minutes);
  expect((await cache.get()).token).toBe('token 2');
});

it('a token that was refused is not handed out again, and another one is', async () => {
  const { cache } = cacheOf(60 * minutes);
  const { token } = await cache.get();
  cache.forget('token 0');
  expect((await cache.get()).token).toBe(token);
  cache.forget(token);
  expect((await cache.get()).token).toBe('token 2');
});

it('a failure is not remembered', async () => {
  let left = 1;
  const cache = new TokenCache(async () => {
    if (left-- > 0) throw new Error('once');
    return { token: 'good', expiresAt: undefined };
  });
  await expect(cache.get()).rejects.toThrow('once');
  expect((await cache.get()).token).toBe('good');
});
