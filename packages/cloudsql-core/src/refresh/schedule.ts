const minutes = 60_000;

/** Between two fetches that were asked for because a value did not work, in milliseconds. */
export const suspectIntervalMs = 30_000;

/** setTimeout fires at once for delays that do not fit 31 bits. */
const longest = 2 ** 31 - 1;

/**
 * How long to wait before a value is fetched anew, in milliseconds, given how long it remains valid: half of an hour
 * and more, four minutes before the end of less (as Google's connectors do), and half of what is shorter than eight
 * minutes, so that short lives never turn into a tight loop.
 */
export function refreshDelay(remainingMs: number): number {
  if (remainingMs >= 60 * minutes) return Math.min(remainingMs / 2, longest);
  if (remainingMs >= 8 * minutes) return remainingMs - 4 * minutes;
  return Math.max(remainingMs / 2, 1000);
}

/**
 * How long before its end a value is as good as expired for a new connection, in milliseconds: a dial that begins with
 * it could come too late. Short lives have a short margin.
 */
export function margin(lifeMs: number): number {
  return Math.min(lifeMs / 5, 2000);
}

/**
 * How long before its end a value is fetched anew where that is done only when somebody needs it, in milliseconds: four
 * minutes, as in Google's connectors, and half of what is shorter than eight.
 */
export function lazyMargin(lifeMs: number): number {
  return Math.min(lifeMs / 2, 4 * minutes);
}

/** How long to wait after failures in a row, in milliseconds: 1 s doubling to 30 s, with jitter. */
export function retryDelay(failures: number, random: number = Math.random()): number {
  return Math.min(1000 * 2 ** (failures - 1), 30_000) * (0.5 + random / 2);
}
