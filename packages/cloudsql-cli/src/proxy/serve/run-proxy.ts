import type { CliContext } from '../../cli/context.ts';
import { exitCodeOf } from '../../cli/print-error.ts';
import type { ProxyConfig } from '../config/proxy-config.ts';
import { EndRequest, exitCodeFor } from './end-request.ts';
import { LocalProxy } from './local-proxy.ts';
import { errorFields, Log } from './log.ts';
import { notifySystemd } from './systemd.ts';

/** Serves instances until it is told to end; returns the exit code. However it ends, it leaves nothing open. */
export async function runProxy(config: ProxyConfig, context: CliContext): Promise<number> {
  const log = new Log(config.log, context);
  // Whoever reads the log may go away first; that is no reason to end.
  for (const stream of [context.stdout, context.stderr]) stream.on('error', () => {});
  const end = new EndRequest(context.signals);
  const proxy = new LocalProxy(config, context.env, log, () => end.quit());
  try {
    const started = proxy.start();
    const early = await Promise.race([started, end.asked]);
    if (early === undefined) {
      log.info('The proxy has started successfully and is ready for new connections!', { addresses: proxy.addresses });
      proxy.writeReadyFile();
      await notifySystemd('READY', context.env, log);
    } else {
      started.catch(() => {});
    }
    const cause = early ?? (await end.asked);
    log.info(cause === 'QUIT' ? 'Shutting down: /quitquitquit was called' : `Shutting down: ${cause} received`);
    await notifySystemd('STOPPING', context.env, log);
    if (early === undefined) await proxy.drain(end.hurry);
    return exitCodeFor(cause, config.exitZeroOnSigterm);
  } catch (error) {
    log.error(`The proxy has encountered a terminal error: ${(error as Error).message}`, errorFields(error));
    return exitCodeOf(error);
  } finally {
    await proxy.close();
    end.close();
  }
}
