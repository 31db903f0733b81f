/** Counts sessions, of one listener or of several that share the limit. */
export class SessionLimit {
  /** How many there may be. */
  readonly max: number;
  #open = 0;

  constructor(max: number) {
    this.max = max;
  }

  /** How many there are. */
  get open(): number {
    return this.#open;
  }

  /** Counts one more, and returns what takes it off again; undefined where there are as many as there may be. */
  enter(): (() => void) | undefined {
    if (this.#open >= this.max) return undefined;
    this.#open++;
    let left = false;
    return () => {
      if (!left) this.#open--;
      left = true;
    };
  }
}
