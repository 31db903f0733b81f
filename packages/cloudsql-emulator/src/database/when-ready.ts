import { setTimeout as delay } from 'node:timers/promises';
import { EmulatorError, systemCode } from '../errors.ts';
import type { Supervisor } from './supervisor.ts';

const START_TIMEOUT_MS = 60_000;
const POLL_MS = 10;
const NOT_YET = ['ENOENT', 'ECONNREFUSED', 'DATABASE_STARTING'];

/**
 * Connects to a server that is starting, as soon as it lets anybody in.
 * @throws EmulatorError `DATABASE_START_FAILED`, with the end of the server's log
 */
export async function whenReady<Client>(
  product: string,
  supervisor: Supervisor,
  connect: () => Promise<Client>,
): Promise<Client> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      return await connect();
    } catch (cause) {
      if (NOT_YET.includes(systemCode(cause)) && supervisor.running && Date.now() < deadline) {
        await delay(POLL_MS);
        continue;
      }
      const reason = supervisor.running ? 'it did not answer in time' : 'it ended at once';
      throw new EmulatorError(
        'DATABASE_START_FAILED',
        `${product} could not be started: ${reason}. Its log ends with:\n${await supervisor.logTail()}`,
        { cause },
      );
    }
  }
}
