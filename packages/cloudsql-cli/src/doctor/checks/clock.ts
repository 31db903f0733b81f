import { type Examination, withinTime } from '../examination.ts';
import { clockCommands } from '../explain.ts';
import type { Finding } from '../steps.ts';

/** Certificates are renewed four minutes before their end: a clock that is further off uses expired ones. */
const intolerableMs = 240_000;

/** What is more than that is worth a word, in milliseconds. */
const noticeableMs = 30_000;

/** Compares the clock with that of Google's servers. The answer is looked at by the step on egress as well. */
export async function checkClock(examination: Examination): Promise<Finding> {
  const { serverClock } = await import('@x/cloudsql-core/diagnostics');
  const { connector, instance } = examination;
  let aheadMs: number;
  try {
    ({ aheadMs } = await serverClock(connector, { instance: instance.id, signal: withinTime(examination) }));
  } catch (error) {
    examination.unreachable = error as Error;
    return { status: 'SKIPPED', found: `${examination.apiHost}, which knows the time, gave no answer` };
  }
  const off = Math.abs(aheadMs);
  const direction = aheadMs > 0 ? 'behind' : 'ahead of';
  const found = `this machine is ${readable(off)} ${direction} ${examination.apiHost}`;
  if (off < noticeableMs) return { status: 'OK', found: `agrees with ${examination.apiHost}` };
  return {
    status: off < intolerableMs ? 'WARNING' : 'FAILED',
    found,
    evidence: `the header Date of its answer; here it is ${new Date().toISOString()}`,
    remedy: clockCommands(),
  };
}

function readable(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
