import { type EndingSignal, endingSignals } from './exit-codes.ts';

/** Waits until somebody wants the program to end, and returns the exit code for that. Keeps the process alive. */
export function untilSignal(): Promise<number> {
  return new Promise((resolve) => {
    const alive = setInterval(() => {}, 2 ** 30);
    const signals = Object.keys(endingSignals) as EndingSignal[];
    const end = (signal: EndingSignal): void => {
      clearInterval(alive);
      for (const each of signals) process.off(each, end);
      resolve(endingSignals[signal]);
    };
    for (const each of signals) process.on(each, end);
  });
}
