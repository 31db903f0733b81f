import type { Writable } from 'node:stream';

/** What a command gets from the process that it runs in, and what it leaves behind. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** How the process ends; a command sets it, an error that it throws decides by itself. @default 0 */
  exitCode: number;
}

/** Whether a stream is a terminal on which colours are wanted. */
export function wantsColours(stream: Writable, env: CliContext['env']): boolean {
  return 'isTTY' in stream && stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}
