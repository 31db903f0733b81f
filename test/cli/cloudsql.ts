import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

/** The program, as users start it. */
export const main = path.join(import.meta.dirname, '../../packages/cloudsql-cli/src/main.ts');

/** How a command ended. */
export interface CommandOutcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Variables that a command needs to be found and to run; nothing of the machine's own settings. */
export function bareEnvironment(): Record<string, string> {
  return { PATH: `${path.dirname(process.execPath)}:${process.env.PATH}`, HOME: '/nonexistent', NO_COLOR: '1' };
}

/** Starts `cloudsql …` with nothing in its environment but what is given. */
export function startCommand(args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  const options = { env: { ...bareEnvironment(), ...env }, timeout: 50_000 };
  return spawn(process.execPath, ['--disable-warning=CLOUDSQL_EMULATOR', main, ...args], options);
}

/** Runs `cloudsql …` to its end. */
export async function cloudsql(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<CommandOutcome> {
  const child = startCommand(args, env);
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk) => (stdout += chunk));
  child.stderr?.on('data', (chunk) => (stderr += chunk));
  child.stdin?.end();
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** What a command has printed once it has come to something; an error with what it complained of if it ends before. */
export async function shown(child: ChildProcess, awaited: RegExp): Promise<string> {
  let [stdout, stderr] = ['', ''];
  child.stderr?.on('data', (chunk) => (stderr += chunk));
  return await new Promise((resolve, reject) => {
    child.stdout?.on('data', (chunk) => {
      stdout += chunk;
      if (awaited.test(stdout)) resolve(stdout);
    });
    child.once('close', (code) => reject(new Error(`It ended with ${code} and said: ${stdout}${stderr}`)));
  });
}
