import type { CliContext } from '../../cli/context.ts';
import { exitCodes } from '../../cli/exit-codes.ts';
import type { CommandLine } from '../config/gather.ts';
import { ask } from './ask.ts';
import { remoteConfig } from './remote-config.ts';

/** How long the proxy may take to answer, in milliseconds. */
const timeoutMs = 10_000;

/** Asks a proxy to end. Returns the exit code. @throws UsageError */
export async function shutDownProxy(line: CommandLine, { env, stderr }: CliContext): Promise<number> {
  const { admin } = await remoteConfig(line, env);
  const failed = (why: string): number => {
    stderr.write(`error: The proxy at ${admin.host}:${admin.port} was not ended: ${why}\n`);
    return exitCodes.failed;
  };
  try {
    const { status, body } = await ask('POST', admin, '/quitquitquit', timeoutMs);
    if (status === 200) return exitCodes.ok;
    return failed(status === 404 ? 'start it with --quitquitquit' : `it says ${status} ${body.trim()}`);
  } catch (error) {
    return failed((error as Error).message);
  }
}
