import { execFile } from 'node:child_process';
import type { CliContext } from '../../cli/context.ts';
import type { Log } from './log.ts';

/** How long systemd may take to be told, in milliseconds. */
const timeoutMs = 5000;

/**
 * Tells systemd how far the proxy is, if it was started by systemd. Node cannot write to the socket itself, so
 * `systemd-notify` does, and the unit needs `NotifyAccess=all`. Never rejects.
 */
export function notifySystemd(state: 'READY' | 'STOPPING', env: CliContext['env'], log: Log): Promise<void> {
  if (!env.NOTIFY_SOCKET) return Promise.resolve();
  const flags = state === 'READY' ? ['--ready', `--pid=${process.pid}`] : ['STOPPING=1'];
  const options = { timeout: timeoutMs, env: { PATH: env.PATH, NOTIFY_SOCKET: env.NOTIFY_SOCKET } };
  return new Promise((resolve) => {
    execFile('systemd-notify', flags, options, (error) => {
      if (error) log.warn(`systemd could not be told ${state}: ${error.message.trim()}`);
      resolve();
    });
  });
}
