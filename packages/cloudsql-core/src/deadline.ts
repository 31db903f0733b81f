/**
 * Waits for a promise until the signal fires, if there is one; the promise itself goes on. Rejects with the signal's reason.
 * `discard` receives a value that arrives after nobody waits for it any more, so that it can be undone.
 */
export function waitOrAbort<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  discard?: (value: T) => void,
): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => {
      reject(signal.reason as Error);
      if (discard) promise.then(discard, () => {});
    };
    if (signal.aborted) {
      promise.catch(() => {});
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/**
 * Keeps the process alive until a promise is settled that somebody waits for. Whatever works for it does not, because it
 * may go on in the background, where nobody waits.
 */
export async function held<T>(promise: Promise<T>): Promise<T> {
  const hold = setInterval(() => {}, 2 ** 30);
  try {
    return await promise;
  } finally {
    clearInterval(hold);
  }
}

/**
 * A deadline that can be tied to a caller's signal. Clear it when the work is done: then no timer outlives it, and what
 * is still under way on its behalf, such as the other of two parallel calls after the first has failed, stops.
 */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Ends the work early. */
  abort(reason: unknown): void;
  clear(): void;
}

/** Fires after `ms` with the error that `late` makes, or with the caller's reason when the caller aborts first. */
export function deadline(ms: number, late: () => Error, caller?: AbortSignal): Deadline {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(late()), ms);
  timer.unref();
  const follow = (): void => controller.abort(caller?.reason);
  if (caller?.aborted) follow();
  else caller?.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    clear() {
      clearTimeout(timer);
      caller?.removeEventListener('abort', follow);
      controller.abort(new Error('no longer needed'));
    },
  };
}

/** Sleeps, and keeps no process alive; wakes up early, rejecting with the signal's reason, when the signal fires. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const wake = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', wake);
      resolve();
    }, ms).unref();
    signal.addEventListener('abort', wake, { once: true });
  });
}
