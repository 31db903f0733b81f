import type { Writable } from 'node:stream';
import type { EndingSignal } from './exit-codes.ts';

/** What a command gets from the process that it runs in, and what it leaves behind. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Where signals arrive that ask the process to end. */
  readonly signals: Signals;
  /** How the process ends; a command sets it, an error that it throws decides by itself. @default 0 */
  exitCode: number;
}

/** The part of the process that receives signals. */
export interface Signals {
  on(signal: EndingSignal, listener: (signal: EndingSignal) => void): this;
  off(signal: EndingSignal, listener: (signal: EndingSignal) => void): this;
}

/** Whether a stream is a terminal on which colours are wanted. */
export function wantsColours(stream: Writable, env: CliContext['env']): boolean {
  return 'isTTY' in stream && stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}
