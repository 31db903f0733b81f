import { exitCodes } from './exit-codes.ts';

/** Waits until somebody wants the program to end, and returns the exit code for that. Keeps the process alive. */
export function untilSignal(): Promise<number> {
  return new Promise((resolve) => {
    const alive = setInterval(() => {}, 2 ** 30);
    const end = (code: number): void => {
      clearInterval(alive);
      process.off('SIGINT', interrupt).off('SIGTERM', terminate).off('SIGHUP', terminate);
      resolve(code);
    };
    const interrupt = (): void => end(exitCodes.interrupted);
    const terminate = (): void => end(exitCodes.terminated);
    process.on('SIGINT', interrupt).on('SIGTERM', terminate).on('SIGHUP', terminate);
  });
}
