import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RefreshAhead } from '../src/refresh/ahead.ts';

const hour = 3_600_000;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A policy over a source that counts its fetches and fails on demand. */
function source(life = hour): {
  policy: RefreshAhead<{ id: number; expiresAt: number }>;
  state: { fetches: number; fail: boolean };
} {
  const state = { fetches: 0, fail: false };
  const policy = new RefreshAhead(async () => {
    state.fetches++;
    if (state.fail) throw new Error('no luck');
    return { id: state.fetches, expiresAt: Date.now() + life };
  });
  return { policy, state };
}

it('fetches once for all who ask at the same time', async () => {
  const { policy, state } = source();
  await Promise.all(Array.from({ length: 100 }, () => policy.get()));
  expect(state.fetches).toBe(1);
});

it('refreshes ahead of expiry while somebody uses it', async () => {
  const { policy, state } = source();
  await policy.get();
  await vi.advanceTimersByTimeAsync(hour / 2 + 1);
  expect(state.fetches).toBe(2);
});

it('falls asleep when nobody used it for one life, and wakes up', async () => {
  const { policy, state } = source();
  await policy.get();
  await vi.advanceTimersByTimeAsync(20 * hour);
  const asleep = state.fetches;
  expect(asleep).toBeLessThanOrEqual(3);
  await vi.advanceTimersByTimeAsync(20 * hour);
  expect(state.fetches).toBe(asleep);
  expect(vi.getTimerCount()).toBe(0);
  await policy.get();
  expect(state.fetches).toBe(asleep + 1);
});

it('keeps a valid value although refreshes fail, and says nothing of it', async () => {
  const { policy, state } = source();
  const first = await policy.get();
  state.fail = true;
  await vi.advanceTimersByTimeAsync(hour - 1000);
  expect(state.fetches).toBeGreaterThan(3);
  expect(await policy.get()).toBe(first);
});

it('never hands out an expired value, also when its timers were late', async () => {
  const { policy, state } = source();
  await policy.get();
  vi.setSystemTime(Date.now() + 2 * hour);
  expect(policy.peek()).toBeUndefined();
  expect((await policy.get()).id).toBe(2);
  expect(state.fetches).toBe(2);
});

it('tries anew after a failure, instead of repeating the old error', async () => {
  const { policy, state } = source();
  state.fail = true;
  await expect(policy.get()).rejects.toThrow('no luck');
  state.fail = false;
  await expect(policy.get()).resolves.toMatchObject({ id: 2 });
});

it('fetches soon after a value is suspected, and not for every suspicion', async () => {
  const { policy, state } = source();
  const value = await policy.get();
  for (let i = 0; i < 50; i++) policy.suspect(value);
  await vi.advanceTimersByTimeAsync(1000);
  expect(state.fetches).toBe(2);
});

it('fetches soon after a value is suspected although the clock was set back', async () => {
  const { policy, state } = source();
  policy.suspect(await policy.get());
  await vi.advanceTimersByTimeAsync(60_000);
  vi.setSystemTime(Date.now() - 24 * hour);
  policy.suspect(await policy.get());
  await vi.advanceTimersByTimeAsync(1000);
  expect(state.fetches).toBe(3);
});

it('rejects those who wait when it is closed, and fetches no more', async () => {
  const policy = new RefreshAhead<{ expiresAt: number }>(() => new Promise(() => {}));
  const waiting = policy.get();
  const closed = new Error('closed');
  policy.close(closed);
  await expect(waiting).rejects.toBe(closed);
  await expect(policy.get()).rejects.toBe(closed);
  expect(vi.getTimerCount()).toBe(0);
});

it('does not hurry a source that has nothing fresher, and fetches when the value ends', async () => {
  const minute = 60_000;
  const ends = [minute, minute, minute, 2 * minute].map((ms) => Date.now() + ms);
  let fetches = 0;
  const policy = new RefreshAhead(async () => ({ expiresAt: ends[fetches++]! }));
  await policy.get();
  await vi.advanceTimersByTimeAsync(minute - 1);
  expect(fetches).toBe(2);
  await policy.get();
  policy.close(new Error('done'));
});

it('asks less and less often where asking again is pointless', async () => {
  let fetches = 0;
  const policy = new RefreshAhead(async () => {
    if (fetches++ > 0) throw Object.assign(new Error('forbidden'), { retryable: false });
    return { expiresAt: Date.now() + hour };
  });
  await policy.get();
  await vi.advanceTimersByTimeAsync(hour - 1000);
  expect(fetches).toBeGreaterThan(3);
  expect(fetches).toBeLessThan(15);
});

it('waits for the next value when the one in hand is about to end, unless there is none', async () => {
  const { policy, state } = source();
  await policy.get();
  state.fail = true;
  await vi.advanceTimersByTimeAsync(hour - 500);
  expect((await policy.get()).id).toBe(1);
  state.fail = false;
  expect((await policy.get()).id).toBeGreaterThan(1);
  policy.close(new Error('done'));
});

it('gives those who come late to a fetch that fails one of their own, together', async () => {
  let fetches = 0;
  const policy = new RefreshAhead(async () => {
    if (fetches++ > 0) return { expiresAt: Date.now() + hour };
    await new Promise((resolve) => setTimeout(resolve, 3000));
    throw new Error('no luck');
  });
  const first = policy.get().catch((error: Error) => error.message);
  await vi.advanceTimersByTimeAsync(2000);
  const late = [policy.get(), policy.get()];
  await vi.advanceTimersByTimeAsync(2000);
  expect(await first).toBe('no luck');
  expect(await Promise.all(late)).toHaveLength(2);
  expect(fetches).toBe(2);
  policy.close(new Error('done'));
});
