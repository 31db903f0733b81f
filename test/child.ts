import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

/** What a command left behind. */
export interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

const programs = path.join(import.meta.dirname, 'programs');

/** Starts a program of this folder. */
export function start(program: string, args: readonly string[] = [], options: SpawnOptions = {}): ChildProcess {
  return spawn(process.execPath, [path.join(programs, program), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  });
}

/** The first line that a program prints. */
export async function firstLine({ stdout, stderr }: ChildProcess): Promise<string> {
  let problem = '';
  stderr?.on('data', (chunk) => (problem += chunk));
  let text = '';
  for await (const chunk of stdout!) {
    text += chunk;
    if (text.includes('\n')) return text.slice(0, text.indexOf('\n'));
  }
  throw new Error(`The program printed no line. ${problem}`);
}

/** Kills a program as the system does when memory is short. */
export async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'close');
  child.kill('SIGKILL');
  child.stdout?.resume();
  await gone;
}

/** Waits for a command to end by itself. One that does not is killed, and has no exit code. */
export async function run(command: string, args: readonly string[], options: SpawnOptions = {}): Promise<Outcome> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 50_000, ...options });
  let output = '';
  child.stdout?.on('data', (chunk) => (output += chunk));
  child.stderr?.on('data', (chunk) => (output += chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}
