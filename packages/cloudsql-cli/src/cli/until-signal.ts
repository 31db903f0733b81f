import { type EndingSignal, endingSignals } from './exit-codes.ts';

/**
 * Waits until somebody wants the program to end, and returns the exit code for that. Keeps the process alive. Given up,
 * it leaves signals to others and never returns.
 */
export function untilSignal(givenUp?: AbortSignal): Promise<number> {
  return new Promise((resolve) => {
    const alive = setInterval(() => {}, 2 ** 30);
    const signals = Object.keys(endingSignals) as EndingSignal[];
    const stop = (): void => {
      clearInterval(alive);
      for (const each of signals) process.off(each, end);
    };
    const end = (signal: EndingSignal): void => {
      stop();
      resolve(endingSignals[signal]);
    };
    givenUp?.addEventListener('abort', stop, { once: true });
    for (const each of signals) process.on(each, end);
  });
}
