import type { Examination } from '../examination.ts';
import type { Finding } from '../steps.ts';

/** Says whether the admin API could be reached, which the step on the clock has tried. */
export async function checkApiEgress(examination: Examination): Promise<Finding> {
  const { unreachable, apiHost } = examination;
  if (unreachable) throw unreachable;
  return { status: 'OK', found: `${apiHost} answers` };
}
