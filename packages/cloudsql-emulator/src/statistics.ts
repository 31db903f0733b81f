/** Counts the calls of each API method. */
export class Statistics {
  readonly #calls = new Map<string, number>();

  count(name: string): void {
    this.#calls.set(name, (this.#calls.get(name) ?? 0) + 1);
  }

  calls(): Record<string, number> {
    return Object.fromEntries(this.#calls);
  }

  reset(): void {
    this.#calls.clear();
  }
}
