import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RefreshLazily } from '../src/refresh/lazy.ts';

const hour = 3_600_000;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

interface Value {
  readonly id: number;
  readonly expiresAt: number;
}

/** A policy over a source that counts its fetches and fails on demand. */
function source(life = hour): { policy: RefreshLazily<Value>; state: { fetches: number; fail: boolean } } {
  const state = { fetches: 0, fail: false };
  const policy = new RefreshLazily<Value>(async () => {
    state.fetches++;
    if (state.fail) throw new Error('no luck');
    return { id: state.fetches, expiresAt: Date.now() + life };
  });
  return { policy, state };
}

it('fetches once for all who ask at the same time, and sets no timer', async () => {
  const { policy, state } = source();
  await Promise.all(Array.from({ length: 100 }, () => policy.get()));
  expect([state.fetches, vi.getTimerCount()]).toEqual([1, 0]);
  await policy.get();
  expect(state.fetches).toBe(1);
});

it('fetches anew only for somebody who asks, from four minutes before the end', async () => {
  const { policy, state } = source();
  await policy.get();
  vi.advanceTimersByTime(hour - 4 * 60_000);
  await policy.get();
  expect(state.fetches).toBe(1);
  vi.advanceTimersByTime(1);
  expect((await policy.get()).id).toBe(2);
  vi.advanceTimersByTime(10 * hour);
  expect([state.fetches, policy.peek()]).toEqual([2, undefined]);
  expect((await policy.get()).id).toBe(3);
});

it('fetches short lives anew in their second half', async () => {
  const { policy, state } = source(5000);
  await policy.get();
  vi.advanceTimersByTime(2500);
  await policy.get();
  expect(state.fetches).toBe(1);
  vi.advanceTimersByTime(1);
  await policy.get();
  expect(state.fetches).toBe(2);
});

it('keeps a valid value although a fetch fails, and does not hurry the next', async () => {
  const { policy, state } = source();
  const first = await policy.get();
  state.fail = true;
  vi.advanceTimersByTime(hour - 60_000);
  for (let i = 0; i < 5; i++) expect(await policy.get()).toBe(first);
  expect(state.fetches).toBe(2);
  vi.advanceTimersByTime(59_999);
  expect(await policy.get()).toBe(first);
  vi.advanceTimersByTime(1);
  await expect(policy.get()).rejects.toThrow('no luck');
  state.fail = false;
  expect((await policy.get()).id).toBe(5);
});

it('fetches anew after a value did not work, at most every 30 s', async () => {
  const { policy, state } = source();
  vi.advanceTimersByTime(hour);
  const first = await policy.get();
  policy.suspect(first);
  policy.suspect(first);
  const second = await policy.get();
  expect([second.id, state.fetches]).toEqual([2, 2]);
  policy.suspect(first);
  policy.suspect(second);
  expect(await policy.get()).toBe(second);
  vi.advanceTimersByTime(30_000);
  policy.suspect(second);
  expect((await policy.get()).id).toBe(3);
});

it('ends for good', async () => {
  const { policy, state } = source();
  const waiting = policy.get().catch((error: unknown) => error);
  const reason = new Error('closed');
  policy.close(reason);
  expect(await waiting).toBe(reason);
  await expect(policy.get()).rejects.toBe(reason);
  expect([state.fetches, policy.peek()]).toEqual([1, undefined]);
});
