import { randomInt } from 'node:crypto';

/** Random inputs that are the same for the same seed. */
export class Fuzz {
  #state: number;
  /** To be printed when something fails, and set by `FUZZ_SEED` to see it again. */
  readonly seed: number;

  constructor(seed: number = Number(process.env.FUZZ_SEED) || randomInt(1, 2 ** 31)) {
    this.seed = seed;
    this.#state = seed;
  }

  /** A number from 0 up to, but not including, 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 up to, but not including, a bound. */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }

  bytes(maxLength: number): Buffer {
    return Buffer.from(Array.from({ length: this.below(maxLength + 1) }, () => this.below(256)));
  }

  text(maxLength: number): string {
    const alphabets = ['abc.-:/@_', '\0\n\t"\'\\%', 'äé漢🙂\u202e', '0123456789-+eE.'];
    return Array.from({ length: this.below(maxLength + 1) }, () => this.pick([...this.pick(alphabets)])).join('');
  }

  /** Any value that JSON can hold, and some that it cannot. */
  value(depth = 3): unknown {
    const leaves = [null, undefined, true, 0, -1, 1e308, Number.NaN, '', this.text(20), '127.0.0.1', 'a@b.c'];
    if (depth === 0 || this.next() < 0.5) return this.pick(leaves);
    const length = this.below(4);
    if (this.next() < 0.5) return Array.from({ length }, () => this.value(depth - 1));
    return Object.fromEntries(Array.from({ length }, () => [this.text(8) || '__proto__', this.value(depth - 1)]));
  }

  /** A value with some of what is in it replaced, dropped or named wrongly. */
  mutate(value: unknown, rate = 0.1): unknown {
    if (this.next() < rate) return this.value();
    if (Array.isArray(value)) return value.map((each) => this.mutate(each, rate));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).filter(() => this.next() >= rate / 2);
    return Object.fromEntries(
      entries.map(([key, each]) => [this.next() < rate / 4 ? key + this.text(2) : key, this.mutate(each, rate)]),
    );
  }

  /** Bytes with some changed, cut off, or put in. */
  distort(bytes: Buffer): Buffer {
    const copy = Buffer.from(bytes);
    for (let changes = this.below(4); changes > 0 && copy.length > 0; changes--) {
      copy[this.below(copy.length)] = this.below(256);
    }
    const cut = this.next() < 0.3 ? copy.subarray(0, this.below(copy.length + 1)) : copy;
    return this.next() < 0.2 ? Buffer.concat([cut, this.bytes(40)]) : cut;
  }
}
