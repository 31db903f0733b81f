import { type EndingSignal, endingSignals } from './exit-codes.ts';

/**
 * Lets a signal that nobody waits for end the process as if nobody had looked, and yet not before what is removed at an
 * exit has been removed.
 */
export function endTidily(): void {
  for (const signal of Object.keys(endingSignals) as EndingSignal[]) {
    const end = (): void => {
      if (process.listenerCount(signal) > 1) return;
      process.off(signal, end);
      // Last of all: shells go on after a program that returns 130, and not after one that SIGINT has ended.
      process.once('exit', () => process.kill(process.pid, signal));
      process.exit(endingSignals[signal]);
    };
    process.on(signal, end);
  }
}
