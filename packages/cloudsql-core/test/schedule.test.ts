import { expect, it } from 'vitest';
import { refreshDelay, retryDelay } from '../src/refresh/schedule.ts';

const minute = 60_000;
const hour = 60 * minute;

it.each([
  ['four hours', 4 * hour, 2 * hour],
  ['an hour', hour, 30 * minute],
  ['just under an hour', hour - 1, 56 * minute - 1],
  ['ten minutes', 10 * minute, 6 * minute],
  ['eight minutes', 8 * minute, 4 * minute],
  ['five minutes', 5 * minute, 2.5 * minute],
  ['five seconds', 5000, 2500],
  ['less than nothing', -1, 1000],
])('what remains valid for %s is refreshed in good time', (_, remaining, delay) => {
  expect(refreshDelay(remaining)).toBe(delay);
});

it('never asks setTimeout for more than it can hold', () => {
  expect(refreshDelay(1000 * 24 * hour)).toBeLessThan(2 ** 31);
});

it('waits longer after each failure, up to half a minute, with jitter', () => {
  expect([1, 2, 3, 5, 6, 50].map((failures) => retryDelay(failures, 1))).toEqual([
    1000, 2000, 4000, 16_000, 30_000, 30_000,
  ]);
  expect(retryDelay(6, 0)).toBe(15_000);
});
