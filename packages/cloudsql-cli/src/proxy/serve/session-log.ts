import type { SessionEvent } from '@x/cloudsql-core';
import { observe } from './channels.ts';
import { errorFields, type Log, type LogFields } from './log.ts';

/** Writes what happens at the listeners with these addresses, until it is told to stop. */
export function logSessions(log: Log, addresses: ReadonlySet<string>): () => void {
  const joined = new Set<number>();
  return observe({
    session(event) {
      if (!addresses.has(event.listener)) return;
      logSession(log, event, joined.has(event.id));
      if (event.phase === 'JOINED') joined.add(event.id);
      if (event.phase === 'ENDED') joined.delete(event.id);
    },
    'listener-error'({ address, error }) {
      if (!addresses.has(address)) return;
      log.error(`Cannot accept a client at ${address}: ${error.message}`, { address, ...errorFields(error) });
    },
    dial({ instance, address, durationMs, error }) {
      const what = error ? `dial failed: ${error.message}` : `dialled ${address}`;
      log.debug(what, { instance, durationMs: Math.round(durationMs), ...codeOf(error) });
    },
    refresh({ instance, durationMs, expiresAt, error }) {
      const what = error ? `refresh failed: ${error.message}` : `refreshed, good until ${expiresAt?.toISOString()}`;
      log.debug(what, { instance, durationMs: Math.round(durationMs), ...codeOf(error) });
    },
  });
}

function logSession(log: Log, { phase, id, instance, client, error, ...event }: SessionEvent, joined: boolean): void {
  const { bytesFromClient, bytesToClient } = event;
  const durationMs = Math.round(event.durationMs);
  const who: LogFields = { instance, connection: id, ...(client === undefined ? {} : { client }) };
  const fields = { ...who, durationMs, bytesFromClient, bytesToClient, ...errorFields(error ?? {}) };
  if (phase === 'ACCEPTED') log.info(`Accepted connection from ${client ?? 'a Unix socket'}`, who);
  else if (phase === 'JOINED') log.debug(`connected after ${durationMs} ms`, { ...who, durationMs });
  else if (!error) log.info('connection closed', fields);
  // How many there may be was somebody's decision; everything else is something to look into.
  else if (fields.code === 'CLOUDSQL_TOO_MANY_SESSIONS') log.info(`refused a connection: ${error.message}`, fields);
  else log.error(`${joined ? 'the instance broke off' : 'failed to connect to instance'}: ${error.message}`, fields);
}

function codeOf(error: Error | undefined): Pick<LogFields, 'code'> {
  const { code } = errorFields(error ?? {});
  return code === undefined ? {} : { code };
}
