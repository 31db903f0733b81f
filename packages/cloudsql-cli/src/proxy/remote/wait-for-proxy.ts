import { setTimeout as sleep } from 'node:timers/promises';
import type { CliContext } from '../../cli/context.ts';
import { exitCodes } from '../../cli/exit-codes.ts';
import type { CommandLine } from '../config/gather.ts';
import { readValue } from '../config/read-value.ts';
import { ask } from './ask.ts';
import { remoteConfig } from './remote-config.ts';

/** How often the proxy is asked, in milliseconds. */
const everyMs = 250;

/** Waits until /startup answers 200, and not longer than `max`. Returns the exit code. @throws UsageError */
export async function waitForProxy(line: CommandLine, max: string, { env, stderr }: CliContext): Promise<number> {
  const { value: maxMs } = readValue('DURATION', max, '--max');
  const { http } = await remoteConfig(line, env);
  const end = performance.now() + maxMs;
  let last = 'it has not answered';
  for (;;) {
    const left = end - performance.now();
    if (left <= 0) break;
    try {
      const { status, body } = await ask('GET', http, '/startup', left);
      if (status === 200) return exitCodes.ok;
      last = status === 404 ? 'it serves no health: start it with --health-check' : `it says ${status} ${body.trim()}`;
    } catch (error) {
      // That the time is up says less than what was known before.
      if (!isTimeout(error)) last = (error as Error).message;
    }
    await sleep(Math.max(0, Math.min(everyMs, end - performance.now())));
  }
  stderr.write(`error: The proxy at ${http.host}:${http.port} has not started within ${max}: ${last}\n`);
  return exitCodes.failed;
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && ['AbortError', 'TimeoutError'].includes(error.name);
}
