/** A list of things to undo, last first. */
export class Lifetime {
  readonly #undo: (() => unknown)[] = [];
  #closing: Promise<void> | undefined;

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** Adds something to undo at the end. */
  defer(undo: () => unknown): void {
    this.#undo.push(undo);
  }

  /** Undoes everything. Goes on after an error and reports the first one. Later calls wait for the first. */
  close(): Promise<void> {
    this.#closing ??= this.#run();
    return this.#closing;
  }

  async #run(): Promise<void> {
    const errors: unknown[] = [];
    for (const undo of this.#undo.reverse()) {
      try {
        await undo();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}

/** Waits until every promise is settled, then returns all values or throws the first error. */
export async function allOrFirstError<T extends readonly unknown[]>(
  promises: {
    [K in keyof T]: Promise<T[K]>;
  },
): Promise<T> {
  await Promise.allSettled(promises);
  return (await Promise.all(promises)) as unknown as T;
}
