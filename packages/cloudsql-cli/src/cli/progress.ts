import type { CliContext } from './context.ts';

/** What takes no longer than this is not worth a word, in milliseconds. */
const patienceMs = 400;

/** Says on a terminal what is being waited for, and takes it back afterwards. Says nothing elsewhere. */
export async function during<T>({ stderr }: Pick<CliContext, 'stderr'>, what: string, work: Promise<T>): Promise<T> {
  if (!('isTTY' in stderr) || stderr.isTTY !== true) return work;
  let shown = false;
  const timer = setTimeout(() => {
    shown = true;
    stderr.write(`${what} …`);
  }, patienceMs);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
    // Back to the first column, and away with the line.
    if (shown) stderr.write('\r\u001b[K');
  }
}
