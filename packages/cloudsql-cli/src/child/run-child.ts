import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { constants } from 'node:os';

/** A program to run in this process's place. */
export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /**
   * Whether the program is a client at a terminal, which deals with Ctrl-C by itself and goes on.
   * @default false
   */
  readonly interactive?: boolean;
}

/** What shells answer where a program does not exist, and where it may not be run. */
const exitCodes: Readonly<Record<string, number>> = { ENOENT: 127, EACCES: 126 };

/** A program that could not be started; `exitCode` is what a shell would return. */
export class StartFailure extends Error {
  readonly exitCode: number;

  constructor(command: string, cause: NodeJS.ErrnoException) {
    const why = cause.code === 'ENOENT' ? 'it was not found in PATH' : cause.message;
    super(`Cannot run ${command}: ${why}.`, { cause });
    this.exitCode = exitCodes[cause.code ?? ''] ?? 126;
  }
}

/** Signals that are meant for the program when they reach us. */
const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/**
 * Runs a program in our terminal, passes signals on to it, and returns its exit code: 128 and the number of the signal
 * where one ended it, as shells say it.
 * @throws StartFailure
 */
export async function runChild({ command, args, env, interactive = false }: ChildOptions): Promise<number> {
  const start = await spawner();
  const child = start(command, args, { env, stdio: 'inherit' });
  const handlers = forwarded.map((signal): readonly [NodeJS.Signals, () => void] => {
    // A terminal has sent these two to the whole group already; a second one would mean "now!" to the program.
    const byTerminal = (signal === 'SIGINT' || signal === 'SIGQUIT') && (interactive || process.stdin.isTTY);
    return [signal, () => void (byTerminal || child.kill(signal))];
  });
  for (const [signal, handler] of handlers) process.on(signal, handler);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', (error) => reject(new StartFailure(command, error)));
      child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
    });
  } finally {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  }
}

/**
 * What starts a program. On Windows `npx` and the like are batch files, which Node does not find by their names, and whose
 * arguments have to be escaped for cmd.exe.
 */
async function spawner(): Promise<(command: string, args: readonly string[], options: SpawnOptions) => ChildProcess> {
  return process.platform === 'win32' ? (await import('cross-spawn')).default : spawn;
}
