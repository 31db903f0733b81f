import { UsageError } from './usage-error.ts';

/** Says in the words of the command line that a variable and flags contradict each other, which core says of options. */
export function inWordsOfFlags(error: unknown): unknown {
  const [, variable] = /^(\w+_EMULATOR_HOST) is set beside the option/.exec((error as Error).message) ?? [];
  if (variable === undefined) return error;
  const what = `${variable} is set beside flags that name credentials or an address of the API`;
  return new UsageError(what, 'Unset the variable to go to Google, or leave these flags out to go to the emulator.');
}
