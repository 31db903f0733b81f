// A vitest setup file: after the tests of a file, nothing of theirs may keep the process alive.
// vitest itself would end the process and say nothing.

import { afterAll } from 'vitest';

/** How long sockets that were told to close, and processes that were told to end, may take. */
const patienceMs = 10_000;
// Opened now, because Node opens them at their first use, which would look like a leak.
void [process.stdin, process.stdout, process.stderr];
const before = count();

afterAll(async () => {
  const deadline = Date.now() + patienceMs;
  while (leftovers().length > 0) {
    if (Date.now() > deadline) throw new Error(`The tests have left open:\n${describe().join('\n')}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});

/** @returns {Map<string, number>} How many resources of each kind keep the process alive. */
function count() {
  const counts = new Map();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** @returns {string[]} The kinds of which there are more than before, with the surplus. */
function leftovers() {
  return [...count()]
    .map(([kind, number]) => ({ kind, surplus: number - (before.get(kind) ?? 0) }))
    .filter(({ kind, surplus }) => surplus > 0 && kind !== 'Immediate')
    .map(({ kind, surplus }) => `${surplus} × ${kind}`);
}

/** @returns {string[]} The kinds, and what Node tells about the handles themselves. */
function describe() {
  const handles = /** @type {any} */ (process)._getActiveHandles();
  const details = handles.map((/** @type {any} */ handle) => {
    if (handle.listening) return `server on ${JSON.stringify(handle.address())}`;
    if (handle.spawnfile) return `process ${handle.pid}: ${handle.spawnargs.join(' ')}`;
    if (handle.remotePort) return `connection ${handle.localPort} → ${handle.remoteAddress}:${handle.remotePort}`;
    return '';
  });
  return [...leftovers(), ...details.filter(Boolean)].map((line) => `  ${line}`);
}
