// Uses an ORM of the conformance suite once and closes it. Then it tells what is left: at once, and when the certificate
// has expired. It lives on for a while, for the emulator to listen, and has to end by itself.

import { createHook } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { RowName } from '../adapter-conformance/row.ts';
import { rows } from '../adapter-conformance/rows.ts';

/** One line of output. */
export interface Left {
  readonly user?: unknown;
  /** Sockets that keep the process alive. */
  readonly sockets: readonly string[];
  /** Where timers were made that have not fired or been cleared. */
  readonly timers?: readonly string[];
}

const request = JSON.parse(process.argv[2]!) as { row: RowName; instance: string; whoAmI: string; lifeMs: number };
const timers = new Map<number, string>();
const hook = createHook({
  init: (id, type) => void (type === 'Timeout' && timers.set(id, `${new Error('set').stack}`)),
  destroy: (id) => void timers.delete(id),
});

function say(left: Left): void {
  process.stdout.write(`${JSON.stringify(left)}\n`);
}

/** A timer of this program does not count. */
function pause(ms: number): Promise<void> {
  hook.disable();
  const paused = delay(ms);
  hook.enable();
  return paused;
}

function sockets(): string[] {
  return process.getActiveResourcesInfo().filter((name) => /TCP|TLS/.test(name));
}

async function useOnce(): Promise<unknown> {
  const orm = await row.open({ instance: request.instance, database: 'orders', max: 5 });
  try {
    const [first] = (await Promise.all(Array.from({ length: 5 }, () => orm.query(request.whoAmI)))).flat();
    return first?.name;
  } finally {
    await orm.close();
  }
}

const row = await rows[request.row]();
hook.enable();
let user: unknown;
// On a busy machine a certificate may be too old before it is used.
for (let tries = 5; user === undefined; tries--) {
  user = await useOnce().catch((error: unknown) => {
    if (tries === 1) throw error;
  });
}
// Goodbyes need a moment to arrive.
for (let round = 0; round < 500 && sockets().length > 0; round++) await pause(10);
say({ user, sockets: sockets() });
await pause(request.lifeMs);
say({ timers: [...timers.values()], sockets: sockets() });
// So soon a certificate would be refreshed.
await pause(request.lifeMs / 2);
