/** After so long without an answer the next address is tried beside the last one, in milliseconds (RFC 8305). */
const staggerMs = 250;

/**
 * Makes attempts one after the other, each as soon as the one before has failed or has taken 250 ms, and resolves with
 * the first success. The others are aborted; `undo` gets what one of them yields all the same. Rejects when all have
 * failed, with the first error where there is only one.
 */
export function stagger<T>(
  attempts: readonly ((signal: AbortSignal) => Promise<T>)[],
  signal: AbortSignal,
  undo: (late: T) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const race = new AbortController();
    const errors: Error[] = [];
    let begun = 0;
    let settled = false;
    let timer: NodeJS.Timeout | undefined;
    const settle = (end: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      race.abort(signal.aborted ? signal.reason : new Error('another address has answered'));
      end();
    };
    const giveUp = (): void => settle(() => reject(signal.reason as Error));
    const begin = (): void => {
      clearTimeout(timer);
      const attempt = attempts[begun];
      if (!attempt) {
        if (errors.length === begun) settle(() => reject(all(errors)));
        return;
      }
      begun++;
      if (begun < attempts.length) timer = setTimeout(begin, staggerMs).unref();
      attempt(race.signal).then(
        (value) => (settled ? undo(value) : settle(() => resolve(value))),
        (error: Error) => {
          errors.push(error);
          if (!settled) begin();
        },
      );
    };
    if (signal.aborted) return giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    begin();
  });
}

/** As Node does: what programs look at is that of the first one. */
function all(errors: readonly Error[]): Error {
  const [first] = errors;
  if (errors.length === 1) return first!;
  const { code, errno, syscall, address, port } = first as NodeJS.ErrnoException & { address?: string; port?: number };
  const message = errors.map((error) => error.message).join('; ');
  return Object.assign(new AggregateError(errors, message), { code, errno, syscall, address, port });
}
