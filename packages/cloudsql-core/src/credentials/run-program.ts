import { execFile } from 'node:child_process';

/** A program to run, by path and never through a shell. */
export interface Program {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly timeoutMs: number;
  /** Only for Windows, where scripts (.cmd) do not start by themselves. */
  readonly shell?: boolean;
}

/** What a program left behind. `code` is undefined where it was killed or could not be started. */
export interface Finished {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end. Rejects where it cannot be started, is too slow or is given up; then it is killed, and
 * whatever it has started itself keeps neither us waiting nor the process alive.
 */
export function runProgram(program: Program, signal: AbortSignal): Promise<Finished> {
  const { file, args, env, cwd, timeoutMs, shell = false } = program;
  return new Promise((resolve, reject) => {
    const stop = (reason: Error): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      child.kill('SIGKILL');
      // A grandchild may hold the other ends of these for ever.
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
      child.unref();
      reject(reason);
    };
    const abort = (): void => stop(signal.reason as Error);
    const options = { env, cwd, shell, windowsHide: true, encoding: 'utf8' as const };
    const child = execFile(file, args, options, (error, stdout, stderr) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      const code = error ? error.code : 0;
      if (typeof code === 'string')
        reject(new Error(code === 'ENOENT' ? 'it does not exist' : `it failed with ${code}`));
      else resolve({ code: code ?? undefined, stdout, stderr });
    });
    const timer = setTimeout(() => stop(new Error(`it did not end within ${timeoutMs} ms`)), timeoutMs);
    timer.unref();
    child.stdin?.end();
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}
