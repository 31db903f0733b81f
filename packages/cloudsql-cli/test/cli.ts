import { EventEmitter } from 'node:events';
import { Writable } from 'node:stream';
import { run } from '../src/cli/run.ts';

/** How a command line ended. */
export interface CliOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process, with nothing but `env` in its environment. */
export async function cli(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliOutcome> {
  const [stdout, stderr] = [new Collected(), new Collected()];
  const code = await run(args, Object.assign(new EventEmitter(), { env, stdout, stderr }));
  return { code, stdout: stdout.text, stderr: stderr.text };
}

class Collected extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}
