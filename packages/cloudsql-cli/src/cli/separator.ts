import type { Command } from 'commander';
import { UsageError } from './usage-error.ts';

/**
 * Refuses a command line on which the command to run is not set apart from our own flags.
 * @throws UsageError
 */
export function refuseUnseparated(command: Command): void {
  let program: Command = command;
  while (program.parent) program = program.parent;
  const { rawArgs } = program as Command & { readonly rawArgs: readonly string[] };
  if (!rawArgs.includes('--')) throw new UsageError('The command to run is not set apart', 'Put -- before it.');
}
