import type { CliContext } from '../../cli/context.ts';
import { exitCodeOf } from '../../cli/print-error.ts';
import { printWarnings } from '../../cli/warnings.ts';
import type { ProxyConfig } from '../config/proxy-config.ts';
import { EndRequest, exitCodeFor } from './end-request.ts';
import { LocalProxy, NotServed } from './local-proxy.ts';
import { errorFields, Log } from './log.ts';
import { notifySystemd } from './systemd.ts';

/** Serves instances until it is told to end; returns the exit code. However it ends, it leaves nothing open. */
export async function runProxy(config: ProxyConfig, context: CliContext): Promise<number> {
  const log = new Log(config.log, context);
  // Whoever reads the log may go away first; that is no reason to end.
  for (const stream of [context.stdout, context.stderr]) stream.on('error', () => {});
  const unprinted = printWarnings((message) => log.warn(message));
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
    const cause = error instanceof NotServed ? error.cause : error;
    // What to do was said where the instance was named.
    const { code, remedy } = errorFields(cause);
    const fields = { ...(code && { code }), ...(remedy && cause === error && { remedy }) };
    log.error(`The proxy has encountered a terminal error: ${(error as Error).message}`, fields);
    return exitCodeOf(cause);
  } finally {
    await proxy.close();
    end.close();
    unprinted();
  }
}
